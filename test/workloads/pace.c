// Faults at a given pace, spread over many regions.
//   pace [--rate N] [--seconds S | --faults N] [--regions R] [--pages P] [--sleepers T]
// R mappings of P pages, with gaps so that the kernel does not merge them. Without --rate as fast
// as one thread can. T more threads sleep.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "common.h"

static void* sleeper(void* nothing) {
  for (;;) pause();
  return nothing;
}

static void start_sleepers(long count) {
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 64 << 10);
  for (long i = 0; i < count; i++) {
    pthread_t thread;
    if (pthread_create(&thread, &small, sleeper, NULL) != 0) die("pthread_create");
  }
}

int main(int argc, char** argv) {
  long rate = option(argc, argv, "--rate", 0);
  long seconds = option(argc, argv, "--seconds", 10);
  long limit = option(argc, argv, "--faults", 0);
  size_t regions = (size_t)option(argc, argv, "--regions", 1);
  size_t pages = (size_t)option(argc, argv, "--pages", 16);
  char** starts = calloc(regions, sizeof(*starts));
  if (starts == NULL) die("calloc");
  for (size_t i = 0; i < regions; i++) {
    char* start = map_anon(pages + 1);
    if (mprotect(start, page_size(), PROT_NONE) != 0) die("mprotect");
    starts[i] = start + page_size();
  }
  start_sleepers(option(argc, argv, "--sleepers", 0));
  wait_for_go();
  double began = seconds_now();
  long faults = 0;
  for (size_t i = 0; limit > 0 ? faults < limit : seconds_now() - began < (double)seconds; i++) {
    char* start = starts[i % regions];
    touch(start, page_size(), pages, WRITE_PAGES);
    madvise(start, pages * page_size(), MADV_DONTNEED);
    faults += (long)pages;
    if (rate > 0) wait_until(began + (double)faults / (double)rate);
  }
  printf("{\"faults\":%ld,\"rate\":%.0f}\n", faults, (double)faults / (seconds_now() - began));
  return 0;
}
