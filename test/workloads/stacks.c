// Threads that fault on their own stacks: one that sleeps before the others are told to go, and one
// that is born afterwards.
//   stacks [--pages P]
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

#include "common.h"

static sem_t go;
static size_t pages;

static void* run(void* argument) {
  if (argument != NULL) sem_wait(argument);
  pthread_attr_t attributes;
  void* start;
  size_t size;
  // The far end of the stack, which nothing has touched yet.
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) die("pthread_getattr_np");
  if (pthread_attr_getstack(&attributes, &start, &size) != 0) die("pthread_attr_getstack");
  pthread_attr_destroy(&attributes);
  char* label;
  if (asprintf(&label, "[stack:%d]", own_tid()) < 0) die("asprintf");
  struct row row = ANON_ZERO;
  row.kind = "stack";
  row.region = label;  // for as long as there are rows
  touch_row(row, start, page_size(), pages, WRITE_PAGES);
  return NULL;
}

int main(int argc, char** argv) {
  pages = (size_t)option(argc, argv, "--pages", 100);
  pthread_t early;
  pthread_t late;
  if (sem_init(&go, 0, 0) != 0) die("sem_init");
  if (pthread_create(&early, NULL, run, &go) != 0) die("pthread_create");
  wait_for_go();
  if (pthread_create(&late, NULL, run, NULL) != 0) die("pthread_create");
  pthread_join(late, NULL);
  sem_post(&go);
  pthread_join(early, NULL);
  print_truth();
  return 0;
}
