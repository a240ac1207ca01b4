// Threads that are born while a tracer attaches. Each waits to be told, then touches pages of its
// own: whoever missed a birth misses these faults. With --stay they go on living until standard
// input ends. When a thread ends that has an event in a ring, the kernel wakes all events of that
// ring (perf_event_exit_event, ring_buffer_wakeup, kernel/events/core.c): the ends of thousands of
// threads take long.
//   late-threads [--threads N] [--pages P] [--stay]
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_cond_t one_more = PTHREAD_COND_INITIALIZER;
static bool go;
static bool stay;
static long touched;
static size_t pages;

static void* run(void* argument) {
  pthread_mutex_lock(&lock);
  while (!go) pthread_cond_wait(&changed, &lock);
  pthread_mutex_unlock(&lock);
  touch_row(ANON_ZERO, argument, page_size(), pages, WRITE_PAGES);
  pthread_mutex_lock(&lock);
  touched++;
  pthread_cond_signal(&one_more);
  pthread_mutex_unlock(&lock);
  while (stay) pause();
  return NULL;
}

struct nursery {
  long limit;
  long born;
  pthread_t* threads;
  char* start;
};

static void* bear(void* argument) {
  struct nursery* nursery = argument;
  for (; nursery->born < nursery->limit; nursery->born++) {
    pthread_mutex_lock(&lock);
    bool stop = go;
    pthread_mutex_unlock(&lock);
    if (stop) break;
    char* start = nursery->start + (size_t)nursery->born * pages * page_size();
    if (pthread_create(&nursery->threads[nursery->born], NULL, run, start) != 0) {
      die("pthread_create");
    }
    usleep(100);
  }
  return NULL;
}

int main(int argc, char** argv) {
  pages = (size_t)option(argc, argv, "--pages", 8);
  stay = flag(argc, argv, "--stay");
  struct nursery nursery = {.limit = option(argc, argv, "--threads", 2000)};
  nursery.threads = calloc((size_t)nursery.limit, sizeof(pthread_t));
  if (nursery.threads == NULL) die("calloc");
  nursery.start = map_anon(pages * (size_t)nursery.limit);
  pthread_t mother;
  if (pthread_create(&mother, NULL, bear, &nursery) != 0) die("pthread_create");
  wait_for_go();
  pthread_mutex_lock(&lock);
  go = true;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
  pthread_join(mother, NULL);
  pthread_mutex_lock(&lock);
  while (touched < nursery.born) pthread_cond_wait(&one_more, &lock);
  pthread_mutex_unlock(&lock);
  for (long i = 0; i < nursery.born && !stay; i++) pthread_join(nursery.threads[i], NULL);
  print_truth();
  char byte;
  while (stay && read(STDIN_FILENO, &byte, 1) == 1) {
  }
  return 0;
}
