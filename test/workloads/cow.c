// The three cases that the rules for COW are checked by, each with n pages:
// writes of a child after fork; first writes to a private file mapping; writes after reads of a
// shared file mapping, which are no copies.
//   cow --dir DIR [--pages P]
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"

static char* map_file(int fd, size_t bytes, int prot, int flags) {
  char* start = mmap(NULL, bytes, prot, flags, fd, 0);
  if (start == MAP_FAILED) die("mmap");
  return start;
}

int main(int argc, char** argv) {
  size_t pages = (size_t)option(argc, argv, "--pages", 100);
  size_t bytes = pages * around();
  int fd = make_file(text_option(argc, argv, "--dir", "."), "cow.dat", bytes);
  // Single pages in the page cache: a large folio would be mapped whole at the first read.
  make_cold(fd, bytes);
  char* warm = map_file(fd, bytes, PROT_READ, MAP_SHARED);
  madvise(warm, bytes, MADV_RANDOM);
  touch(warm, around(), pages, READ_PAGES);
  // Reclaim must not take them before they are used: that would make major faults. Without the
  // right to lock so much they are merely likely to stay.
  for (size_t i = 0; i < pages; i++) (void)mlock(warm + i * around(), page_size());
  char* inherited = map_anon(pages);
  char* private_file = map_file(fd, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  char* shared_file = map_file(fd, bytes, PROT_READ | PROT_WRITE, MAP_SHARED);
  wait_for_go();
  touch_row(ANON_ZERO, inherited, page_size(), pages, WRITE_PAGES);
  pid_t pid = fork();
  if (pid < 0) die("fork");
  if (pid == 0) {
    touch(inherited, page_size(), pages, WRITE_PAGES);
    _exit(0);
  }
  if (waitpid(pid, NULL, 0) != pid) die("waitpid");
  struct row child = ANON_COW;
  child.pid = child.tid = pid;
  child.start = (uintptr_t)inherited;
  child.end = child.start + pages * page_size();
  child.faults = (long)pages;
  add_row(child);
  // The child is gone, but the parent's entries are still write-protected: a fault each.
  touch_row(ANON_COW, inherited, page_size(), pages, WRITE_PAGES);
  struct row cow = FILE_COW, cached = FILE_CACHED, notify = FILE_CACHED;
  cow.region = cached.region = notify.region = "cow.dat";
  notify.cause = "write-notify";
  touch_row(cow, private_file, around(), pages, WRITE_PAGES);
  touch_row(cached, shared_file, around(), pages, READ_PAGES);
  touch_row(notify, shared_file, around(), pages, WRITE_PAGES);
  print_truth();
  return 0;
}
