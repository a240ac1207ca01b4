// The kernel touching user memory: read(2) into a fresh buffer, write(2) from one, a bad pointer.
//   kernelread --dir DIR [--pages P]
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common.h"

static void add(char* start, size_t pages, long faults) {
  struct row row = ANON_ZERO;
  row.mode = "kernel";
  row.pid = getpid();
  row.tid = own_tid();
  row.start = (uintptr_t)start;
  row.end = row.start + pages * page_size();
  row.faults = faults;
  add_row(row);
}

int main(int argc, char** argv) {
  size_t pages = (size_t)option(argc, argv, "--pages", 64);
  size_t bytes = pages * page_size();
  int fd = make_file(text_option(argc, argv, "--dir", "."), "kernelread.dat", bytes);
  int zero = open("/dev/zero", O_RDONLY);
  char* from_file = map_anon(pages);
  char* from_zero = map_anon(pages);
  char* to_file = map_anon(pages);
  char* bad = map_anon(pages);
  if (mprotect(bad, bytes, PROT_NONE) != 0) die("mprotect");
  wait_for_go();
  if (pread(fd, from_file, bytes, 0) != (ssize_t)bytes) die("pread");
  if (read(zero, from_zero, bytes) != (ssize_t)bytes) die("read");
  // Two kernel-mode entries a page: an atomic copy that gives up, then the fault that is counted.
  if (pwrite(fd, to_file, bytes, 0) != (ssize_t)bytes) die("pwrite");
  // EFAULT: entries without a completion, and no fault.
  for (int i = 0; i < 100; i++) {
    if (read(zero, bad, bytes) != -1 || errno != EFAULT) die("expected EFAULT");
  }
  add(from_file, pages, (long)pages);
  add(from_zero, pages, (long)pages);
  add(to_file, pages, (long)pages);
  add(bad, pages, 0);
  print_truth();
  return 0;
}
