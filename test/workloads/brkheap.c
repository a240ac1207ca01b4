// The program break: grown, shrunk, grown again.
//   brkheap [--pages P] [--rounds N]
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "common.h"

int main(int argc, char** argv) {
  size_t pages = (size_t)option(argc, argv, "--pages", 64);
  long rounds = option(argc, argv, "--rounds", 10);
  size_t bytes = pages * page_size();
  wait_for_go();
  // No malloc from here to the end of the loop: the break is ours.
  uintptr_t page_mask = page_size() - 1;
  uintptr_t start = ((uintptr_t)sbrk(0) + page_mask) & ~page_mask;
  for (long round = 0; round < rounds; round++) {
    if (brk((void*)(start + bytes)) != 0) die("brk");
    touch((char*)start, page_size(), pages, WRITE_PAGES);
    // Not after the last round: malloc would put its own data in the place.
    if (round + 1 < rounds && brk((void*)start) != 0) die("brk");
  }
  struct row row = ANON_ZERO;
  row.region = "[heap]";
  row.kind = "heap";
  row.pid = getpid();
  row.tid = own_tid();
  row.start = start;
  row.end = start + bytes;
  row.faults = rounds * (long)pages;
  add_row(row);
  print_truth();
  return 0;
}
