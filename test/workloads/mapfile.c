// Touches pages of a file that are in the page cache already: the faults need no file system.
//   mapfile --file FILE [--pages P]
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common.h"

int main(int argc, char** argv) {
  size_t pages = (size_t)option(argc, argv, "--pages", 32);
  size_t bytes = pages * around();
  int fd = open(text_option(argc, argv, "--file", ""), O_RDONLY);
  if (fd < 0) die("open");
  static char buffer[1 << 16];
  for (size_t done = 0; done < bytes; done += sizeof buffer) {
    if (pread(fd, buffer, sizeof buffer, (off_t)done) <= 0) die("pread");
  }
  char* start = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
  if (start == MAP_FAILED) die("mmap");
  madvise(start, bytes, MADV_RANDOM);
  wait_for_go();
  struct row row = FILE_CACHED;
  row.region = "mapped";
  touch_row(row, start, around(), pages, READ_PAGES);
  print_truth();
  return 0;
}
