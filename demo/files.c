// Mappings of a file on a disk: cold, warm, private, shared.
//
// Two habits of the kernel would blur the numbers. Readahead brings more pages than were asked for:
// MADV_RANDOM ends it. Fault-around maps up to 16 cached pages (64 KiB, aligned) at one fault:
// hence only one page of each 64 KiB is ever touched, and so cached.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "phases.h"

static const char REGION[] = "demo.dat";

// Bytes from one touched page to the next.
static size_t stride(const struct demo* demo) {
  size_t around = 64 * 1024;
  return demo->page > around ? demo->page : around;
}

static char* map_file(struct demo* demo, int prot, int flags) {
  size_t bytes = stride(demo) * demo->pages;
  char* start = map_pages(demo, bytes, prot, flags, demo->fd);
  if (madvise(start, bytes, MADV_RANDOM) != 0) die("madvise");
  return start;
}

static size_t cached_pages(const struct demo* demo, char* start) {
  size_t bytes = stride(demo) * demo->pages;
  unsigned char* present = calloc(bytes / demo->page, 1);
  if (present == NULL || mincore(start, bytes, present) != 0) die("mincore");
  size_t cached = 0;
  for (size_t i = 0; i < bytes / demo->page; i++) cached += present[i] & 1;
  free(present);
  return cached;
}

void phase_file_cold(struct demo* demo) {
  char* start = map_file(demo, PROT_READ, MAP_PRIVATE);
  struct timespec pause = {0, 10 * 1000 * 1000};
  // Dirty pages and pages on their way to the LRU lists survive the advice: sync, and ask again.
  for (int tries = 0; tries < 100; tries++) {
    if (fsync(demo->fd) != 0) die("fsync");
    posix_fadvise(demo->fd, 0, 0, POSIX_FADV_DONTNEED);
    if (cached_pages(demo, start) == 0) break;
    nanosleep(&pause, NULL);
  }
  if (cached_pages(demo, start) != 0) {
    truth_note(&demo->truth, "the file stays in the page cache: no cold reads in this round");
    return;
  }
  struct row row = expect("file, cold", REGION, "file", "MAJOR", "file-read");
  touch_pages(demo, row, start, stride(demo), demo->pages, READ_PAGES);
}

void phase_file_warm(struct demo* demo) {
  char* start = map_file(demo, PROT_READ, MAP_PRIVATE);
  struct row row = expect("file, warm", REGION, "file", "MINOR", "page-cache");
  touch_pages(demo, row, start, stride(demo), demo->pages, READ_PAGES);
}

void phase_file_private(struct demo* demo) {
  char* fresh = map_file(demo, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  struct row first = expect("private, write", REGION, "file", "COW", "cow-file");
  touch_pages(demo, first, fresh, stride(demo), demo->pages, WRITE_PAGES);
  char* seen = map_file(demo, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  struct row read = expect("private, read", REGION, "file", "MINOR", "page-cache");
  struct row then = expect("private, then write", REGION, "file", "COW", "cow-file");
  touch_pages(demo, read, seen, stride(demo), demo->pages, READ_PAGES);
  touch_pages(demo, then, seen, stride(demo), demo->pages, WRITE_PAGES);
}

void phase_file_shared(struct demo* demo) {
  // Write-notify tells the file system of the first write to a clean page: make them clean.
  if (fsync(demo->fd) != 0) die("fsync");
  char* seen = map_file(demo, PROT_READ | PROT_WRITE, MAP_SHARED);
  struct row read = expect("shared, read", REGION, "file", "MINOR", "page-cache");
  struct row then = expect("shared, then write", REGION, "file", "MINOR", "write-notify");
  touch_pages(demo, read, seen, stride(demo), demo->pages, READ_PAGES);
  touch_pages(demo, then, seen, stride(demo), demo->pages, WRITE_PAGES);
  char* fresh = map_file(demo, PROT_READ | PROT_WRITE, MAP_SHARED);
  struct row first = expect("shared, write", REGION, "file", "MINOR", "page-cache");
  touch_pages(demo, first, fresh, stride(demo), demo->pages, WRITE_PAGES);
}
