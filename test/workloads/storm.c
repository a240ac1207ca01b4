// As many faults a second as the machine can take: threads that touch fresh pages in a loop.
//   storm [--threads N] [--seconds S | --faults N] [--pages P] [--pin] [--fixed] [--read]
//     [--pause MS]
// --faults is per thread and exact. Each thread has P pages, given back after each pass.
// --pause: between passes, for whoever needs faults that do not end, not as many as there can be.
// --read: only read, which maps the page of zeros: none is allocated, cleared and freed.
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
  long limit;
  int cpu;
  enum access access;
  useconds_t pause;
  long faults;
};

static atomic_bool stop;

static void* run(void* argument) {
  struct worker* worker = argument;
  if (worker->cpu >= 0) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)worker->cpu, &set);
    sched_setaffinity(0, sizeof(set), &set);
  }
  while (!stop && (worker->limit == 0 || worker->faults < worker->limit)) {
    size_t pages = worker->pages;
    if (worker->limit > 0 && worker->limit - worker->faults < (long)pages) {
      pages = (size_t)(worker->limit - worker->faults);
    }
    touch(worker->start, page_size(), pages, worker->access);
    madvise(worker->start, worker->pages * page_size(), MADV_DONTNEED);
    worker->faults += (long)pages;
    if (worker->pause > 0) usleep(worker->pause);
  }
  struct row row = ANON_ZERO;
  row.pid = getpid();
  row.tid = own_tid();
  row.start = (uintptr_t)worker->start;
  row.end = row.start + worker->pages * page_size();
  row.faults = worker->faults;
  add_row(row);
  return NULL;
}

int main(int argc, char** argv) {
  long threads = option(argc, argv, "--threads", 1);
  long seconds_ms = option(argc, argv, "--ms", option(argc, argv, "--seconds", 1) * 1000);
  long faults = option(argc, argv, "--faults", 0);
  size_t pages = (size_t)option(argc, argv, "--pages", 4096);
  long cpus = sysconf(_SC_NPROCESSORS_ONLN);
  if (threads == 0) threads = cpus;
  struct worker* workers = calloc((size_t)threads, sizeof(*workers));
  if (workers == NULL) die("calloc");
  for (long i = 0; i < threads; i++) {
    workers[i].start = flag(argc, argv, "--fixed") ? map_slot((int)i, pages) : map_anon(pages);
    workers[i].pages = pages;
    workers[i].limit = faults;
    workers[i].pause = (useconds_t)option(argc, argv, "--pause", 0) * 1000;
    workers[i].access = flag(argc, argv, "--read") ? READ_PAGES : WRITE_PAGES;
    workers[i].cpu = flag(argc, argv, "--pin") ? (int)(i % cpus) : -1;
  }
  wait_for_go();
  double began = seconds_now();
  for (long i = 0; i < threads; i++) {
    if (pthread_create(&workers[i].thread, NULL, run, &workers[i]) != 0) die("pthread_create");
  }
  if (faults == 0) {
    usleep((useconds_t)(seconds_ms % 1000 * 1000));
    sleep((unsigned)(seconds_ms / 1000));
    stop = true;
  }
  long total = 0;
  for (long i = 0; i < threads; i++) {
    pthread_join(workers[i].thread, NULL);
    total += workers[i].faults;
  }
  double seconds = seconds_now() - began;
  printf("{\"faults\":%ld,\"rate\":%.0f}\n", total, (double)total / seconds);
  print_truth();
  return 0;
}
