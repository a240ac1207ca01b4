// Anonymous and shared memory.
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "phases.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

enum { ANON = MAP_PRIVATE | MAP_ANONYMOUS };

static size_t total(const struct demo* demo) {
  return demo->pages * demo->page;
}

void phase_heap(struct demo* demo) {
  // The break need not be page-aligned: begin with the first page that malloc cannot have touched.
  uintptr_t current = (uintptr_t)sbrk(0);
  uintptr_t start = (current + demo->page - 1) & ~(demo->page - 1);
  if (sbrk((intptr_t)(start - current + total(demo))) == (void*)-1) die("sbrk");
  demo->heap_end = sbrk(0);
  struct row row = expect("heap", "[heap]", "heap", "MINOR", "demand-zero");
  touch_pages(demo, row, (char*)start, demo->page, demo->pages, WRITE_PAGES);
}

void phase_stack(struct demo* demo) {
  // 256 KiB further down than now: the dynamic loader and printf have used the pages right below.
  // Not alloca(): with -fstack-clash-protection the compiler touches every page of it beforehand.
  enum { USED_BELOW = 256 * 1024 };
  uintptr_t here = (uintptr_t)__builtin_frame_address(0) & ~(demo->page - 1);
  uintptr_t start = here - USED_BELOW - total(demo);
  demo->stack_low = (void*)start;
  struct row row = expect("stack", "[stack]", "stack", "MINOR", "demand-zero");
  touch_pages(demo, row, (char*)start, demo->page, demo->pages, WRITE_PAGES);
}

void phase_anonymous(struct demo* demo) {
  char* start = map_pages(demo, total(demo), PROT_READ | PROT_WRITE, ANON, -1);
  // Without CONFIG_ANON_VMA_NAME the kernel refuses, and the mapping has no name to show.
  int named = prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, start, total(demo), "demo") == 0;
  struct row row =
      expect("anonymous", named ? "[anon:demo]" : "[anon]", "anon", "MINOR", "demand-zero");
  touch_pages(demo, row, start, demo->page, demo->pages, WRITE_PAGES);
}

void phase_zero_page(struct demo* demo) {
  char* start = map_pages(demo, total(demo), PROT_READ | PROT_WRITE, ANON, -1);
  struct row read = expect("zero page, read", "[anon]", "anon", "MINOR", "demand-zero");
  struct row write = expect("zero page, write", "[anon]", "anon", "COW", "cow-anon");
  touch_pages(demo, read, start, demo->page, demo->pages, READ_PAGES);
  touch_pages(demo, write, start, demo->page, demo->pages, WRITE_PAGES);
}

void phase_memfd(struct demo* demo) {
  int fd = memfd_create("demo", MFD_CLOEXEC);
  if (fd < 0) die("memfd_create");
  if (ftruncate(fd, (off_t)total(demo)) != 0) die("ftruncate");
  char* start = map_pages(demo, total(demo), PROT_READ | PROT_WRITE, MAP_SHARED, fd);
  close(fd);
  (void)madvise(start, total(demo), MADV_NOHUGEPAGE);
  struct row row = expect("memfd", "memfd:demo", "shm", "MINOR", "shmem");
  touch_pages(demo, row, start, demo->page, demo->pages, WRITE_PAGES);
}

void phase_shared(struct demo* demo) {
  char* start =
      map_pages(demo, total(demo), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
  struct row row = expect("shared anonymous", "[shared anon]", "shm", "MINOR", "shmem");
  touch_pages(demo, row, start, demo->page, demo->pages, WRITE_PAGES);
}

void phase_mremap(struct demo* demo) {
  size_t bytes = total(demo);
  char* old = map_pages(demo, bytes, PROT_READ | PROT_WRITE, ANON, -1);
  struct row before = expect("mremap, before", "[anon]", "anon", "MINOR", "demand-zero");
  touch_pages(demo, before, old, demo->page, demo->pages, WRITE_PAGES);
  // A target of its own, so that the mapping moves: growing in place would prove nothing.
  char* target = map_pages(demo, 2 * bytes, PROT_NONE, ANON, -1);
  if (mremap(old, bytes, 2 * bytes, MREMAP_MAYMOVE | MREMAP_FIXED, target) == MAP_FAILED) {
    die("mremap");
  }
  // Keep the old place taken: a later phase must not get the same addresses.
  if (mmap(old, bytes, PROT_NONE, ANON | MAP_FIXED, -1, 0) == MAP_FAILED) die("mmap");
  // The moved pages fault no more; the grown half does.
  struct row moved = expect("mremap, moved", "[anon]", "anon", "MINOR", "demand-zero");
  count_pages(&moved, target, demo->page, demo->pages, WRITE_PAGES);
  moved.faults = 0;
  truth_add(&demo->truth, &moved);
  struct row grown = expect("mremap, grown", "[anon]", "anon", "MINOR", "demand-zero");
  touch_pages(demo, grown, target + bytes, demo->page, demo->pages, WRITE_PAGES);
}

void phase_kernel_read(struct demo* demo) {
  int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  if (fd < 0) die("/dev/zero");
  char* start = map_pages(demo, total(demo), PROT_READ | PROT_WRITE, ANON, -1);
  struct row row = expect("read(2) into it", "[anon]", "anon", "MINOR", "demand-zero");
  row.mode = "kernel";
  struct rusage before, after;
  getrusage(RUSAGE_THREAD, &before);
  ssize_t got = read(fd, start, total(demo));
  getrusage(RUSAGE_THREAD, &after);
  if (got != (ssize_t)total(demo)) die("read");
  close(fd);
  count_pages(&row, start, demo->page, demo->pages, WRITE_PAGES);
  row.minflt += after.ru_minflt - before.ru_minflt;
  row.majflt += after.ru_majflt - before.ru_majflt;
  truth_add(&demo->truth, &row);
}
