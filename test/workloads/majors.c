// Major faults: one per page of a file that is not in the page cache.
//   majors --dir DIR [--pages P]
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common.h"

int main(int argc, char** argv) {
  size_t pages = (size_t)option(argc, argv, "--pages", 100);
  size_t bytes = pages * around();
  int fd = make_file(text_option(argc, argv, "--dir", "."), "cold file.dat", bytes);
  make_cold(fd, bytes);
  char* start = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
  if (start == MAP_FAILED) die("mmap");
  // Else readahead brings the pages before they are touched.
  madvise(start, bytes, MADV_RANDOM);
  wait_for_go();
  struct row row = FILE_MAJOR;
  row.region = "cold file.dat";
  touch_row(row, start, around(), pages, READ_PAGES);
  print_truth();
  return 0;
}
