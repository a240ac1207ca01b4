// A heap full of holes: grown page by page, every second page unmapped, until the kernel allows no
// more mappings (vm.max_map_count) and the break goes back to where it was; then again.
//   brkholes [--pages P]
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common.h"

int main(int argc, char** argv) {
  long pages = option(argc, argv, "--pages", 200000);
  uintptr_t size = page_size();
  wait_for_go();
  // No malloc from here to the end of the loop: the break is ours.
  uintptr_t start = ((uintptr_t)sbrk(0) + size - 1) & ~(size - 1);
  uintptr_t end = start;
  uintptr_t highest = start;
  long resets = 0;
  for (long touched = 0; touched < pages;) {
    if (brk((void*)(end + size)) == 0) {
      *(volatile char*)end = 1;
      touched++;
      end += size;
      if (end > highest) highest = end;
      if (touched % 2 != 0 || munmap((void*)(end - size), size) == 0) continue;
    }
    if (errno != ENOMEM || brk((void*)start) != 0) die("brk");
    end = start;
    resets++;
  }
  struct row row = ANON_ZERO;
  row.region = "[heap]";
  row.kind = "heap";
  row.pid = getpid();
  row.tid = own_tid();
  row.start = start;
  row.end = highest;
  row.faults = pages;
  add_row(row);
  printf("{\"resets\":%ld}\n", resets);
  print_truth();
  return 0;
}
