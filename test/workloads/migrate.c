// Threads that are pushed from CPU to CPU while they wait for a disk: the entry record of a fault
// is on one CPU's ring, its completion on another's.
//   migrate --dir DIR [--threads N] [--pages P]
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common.h"

struct worker {
  pthread_t thread;
  char* start;
  size_t pages;
  _Atomic pid_t tid;
};

static atomic_long finished;

static void* run(void* argument) {
  struct worker* worker = argument;
  worker->tid = own_tid();
  struct row row = FILE_MAJOR;
  row.region = "migrate.dat";
  touch_row(row, worker->start, around(), worker->pages, READ_PAGES);
  finished++;
  return NULL;
}

int main(int argc, char** argv) {
  long threads = option(argc, argv, "--threads", 4);
  size_t pages = (size_t)option(argc, argv, "--pages", 200);
  size_t bytes = pages * around();
  long cpus = sysconf(_SC_NPROCESSORS_ONLN);
  int fd = make_file(text_option(argc, argv, "--dir", "."), "migrate.dat", bytes * (size_t)threads);
  make_cold(fd, bytes * (size_t)threads);
  char* start = mmap(NULL, bytes * (size_t)threads, PROT_READ, MAP_SHARED, fd, 0);
  if (start == MAP_FAILED) die("mmap");
  madvise(start, bytes * (size_t)threads, MADV_RANDOM);
  struct worker* workers = calloc((size_t)threads, sizeof(*workers));
  if (workers == NULL) die("calloc");
  wait_for_go();
  for (long i = 0; i < threads; i++) {
    workers[i].start = start + (size_t)i * bytes;
    workers[i].pages = pages;
    if (pthread_create(&workers[i].thread, NULL, run, &workers[i]) != 0) die("pthread_create");
  }
  long moves = 0;
  for (; finished < threads; moves++) {
    pid_t tid = workers[moves % threads].tid;
    if (tid == 0) continue;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)(moves / threads % cpus), &set);
    // A thread that has just ended: nothing to move.
    (void)sched_setaffinity(tid, sizeof(set), &set);
    if (moves % threads == 0) usleep(20);
  }
  for (long i = 0; i < threads; i++) pthread_join(workers[i].thread, NULL);
  printf("{\"moves\":%ld}\n", moves);
  print_truth();
  return 0;
}
