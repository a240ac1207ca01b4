// Address space churn: two threads give the same addresses to a file and to anonymous memory in
// turn, and write every page of each mapping.
//   churn --dir DIR [--turns N]
// Three ways, one after the other, each N turns per thread:
//   over   a new mapping over the old one, each thread at its own place
//   hand   both threads at one place: whoever gets it when the other unmaps it
//   move   mapped elsewhere and moved here by mremap
// A thread's faults at a place come in a known order: turn t writes PAGES pages, of the file where
// t is odd. So fault k of the thread at that place belongs to the file where (k / PAGES) is odd.
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common.h"

enum { PAGES = 4, THREADS = 2, WAYS = 3 };

static const char* const WAY_NAMES[WAYS] = {"over", "hand", "move"};

struct worker {
  pthread_t thread;
  int fd;
  long turns;
  char* places[WAYS];
  char* aside;
  pid_t tid;
};

static char* map(char* place, int fd, long turn, int fixed) {
  bool file = turn % 2 == 1;
  return mmap(place, PAGES * page_size(), PROT_READ | PROT_WRITE,
              MAP_PRIVATE | fixed | (file ? 0 : MAP_ANONYMOUS), file ? fd : -1, 0);
}

static void write_pages(char* place) {
  touch(place, page_size(), PAGES, WRITE_PAGES);
}

static void* run(void* argument) {
  struct worker* worker = argument;
  size_t bytes = PAGES * page_size();
  worker->tid = own_tid();
  for (long turn = 0; turn < worker->turns; turn++) {
    if (map(worker->places[0], worker->fd, turn, MAP_FIXED) == MAP_FAILED) die("mmap");
    write_pages(worker->places[0]);
  }
  for (long turn = 0; turn < worker->turns; turn++) {
    while (map(worker->places[1], worker->fd, turn, MAP_FIXED_NOREPLACE) == MAP_FAILED) {
      if (errno != EEXIST) die("mmap");
    }
    write_pages(worker->places[1]);
    if (munmap(worker->places[1], bytes) != 0) die("munmap");
    // Half of the time the other thread is let in at once, half of the time both race for it.
    if (turn % 4 < 2) sched_yield();
  }
  for (long turn = 0; turn < worker->turns; turn++) {
    char* aside = map(worker->aside, worker->fd, turn, MAP_FIXED);
    if (aside == MAP_FAILED) die("mmap");
    if (mremap(aside, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, worker->places[2]) ==
        MAP_FAILED) {
      die("mremap");
    }
    write_pages(worker->places[2]);
  }
  return NULL;
}

int main(int argc, char** argv) {
  const char* directory = text_option(argc, argv, "--dir", ".");
  int fd = make_file(directory, "churn.dat", PAGES * page_size());
  struct worker workers[THREADS] = {0};
  char* base = (char*)0x200000000000;
  for (int i = 0; i < THREADS; i++) {
    workers[i].fd = fd;
    workers[i].turns = option(argc, argv, "--turns", 10000);
    workers[i].places[0] = base + (uintptr_t)i * 0x1000000;
    workers[i].places[1] = base + 0x10000000;
    workers[i].places[2] = base + 0x20000000 + (uintptr_t)i * 0x1000000;
    workers[i].aside = base + 0x30000000 + (uintptr_t)i * 0x1000000;
  }
  wait_for_go();
  for (int i = 0; i < THREADS; i++) {
    if (pthread_create(&workers[i].thread, NULL, run, &workers[i]) != 0) die("pthread_create");
  }
  for (int i = 0; i < THREADS; i++) pthread_join(workers[i].thread, NULL);
  printf("{\"pages\":%d,\"file\":\"churn.dat\",\"sequences\":[", PAGES);
  for (int i = 0; i < THREADS; i++) {
    for (int way = 0; way < WAYS; way++) {
      uintptr_t start = (uintptr_t)workers[i].places[way];
      printf("%s{\"way\":\"%s\",\"tid\":%d,\"start\":\"0x%lx\",\"end\":\"0x%lx\",\"faults\":%ld}",
             i + way == 0 ? "" : ",", WAY_NAMES[way], (int)workers[i].tid, (unsigned long)start,
             (unsigned long)(start + PAGES * page_size()), workers[i].turns * PAGES);
    }
  }
  printf("]}\n");
  print_truth();
  return 0;
}
