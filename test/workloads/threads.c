// A process of many threads: N that sleep, of which the first F touch pages once told to go.
//   threads [--sleepers N] [--faulting F] [--pages P]
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
// Two: one that all wait for would wake all of them whenever one more has gone to sleep.
static pthread_cond_t told = PTHREAD_COND_INITIALIZER;
static pthread_cond_t all_asleep = PTHREAD_COND_INITIALIZER;
static bool go;
static long sleepers;
static long asleep;
static long faulting;
static size_t pages;
static long next_number;

static void* run(void* argument) {
  char* start = argument;
  pthread_mutex_lock(&lock);
  long number = next_number++;
  asleep++;
  if (asleep == sleepers) pthread_cond_signal(&all_asleep);
  while (!go) pthread_cond_wait(&told, &lock);
  pthread_mutex_unlock(&lock);
  if (number < faulting) {
    touch_row(ANON_ZERO, start + (size_t)number * pages * page_size(), page_size(), pages,
              WRITE_PAGES);
  }
  return NULL;
}

int main(int argc, char** argv) {
  sleepers = option(argc, argv, "--sleepers", 1000);
  faulting = option(argc, argv, "--faulting", 10);
  pages = (size_t)option(argc, argv, "--pages", 16);
  char* start = map_anon(pages * (size_t)faulting);
  pthread_t* threads = calloc((size_t)sleepers, sizeof(*threads));
  if (threads == NULL) die("calloc");
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 65536);
  for (long i = 0; i < sleepers; i++) {
    if (pthread_create(&threads[i], &attributes, run, start) != 0) die("pthread_create");
  }
  pthread_mutex_lock(&lock);
  while (asleep < sleepers) pthread_cond_wait(&all_asleep, &lock);
  pthread_mutex_unlock(&lock);
  wait_for_go();
  pthread_mutex_lock(&lock);
  go = true;
  pthread_cond_broadcast(&told);
  pthread_mutex_unlock(&lock);
  for (long i = 0; i < sleepers; i++) pthread_join(threads[i], NULL);
  print_truth();
  return 0;
}
