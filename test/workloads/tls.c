// Touches pages of thread-local variables, given back before: 4 of `aligned`, which begins on a
// page, in the first thread and in another that lives as long, and those of `packed` that are
// whole. Beside them 4 pages of a mapping that holds none.
//   tls
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>

#include "common.h"

enum { PAGES = 4, PAGE = 4096 };

static __thread char aligned[PAGES * PAGE] __attribute__((aligned(4096)));
static __thread char packed[PAGES * PAGE + 100] = {1};

static pthread_barrier_t touched;

static void touch_again(char* start, size_t count) {
  if (madvise(start, count * PAGE, MADV_DONTNEED) != 0) die("madvise");
  touch_row(ANON_ZERO, start, PAGE, count, WRITE_PAGES);
}

static void touch_own(void) {
  touch_again(aligned, PAGES);
  char* first = (char*)(((uintptr_t)packed + PAGE - 1) & -(uintptr_t)PAGE);
  touch_again(first, (size_t)(packed + sizeof packed - first) / PAGE);
}

static void* other(void* unused) {
  touch_own();
  pthread_barrier_wait(&touched);
  pthread_barrier_wait(&touched);
  return unused;
}

int main(void) {
  pthread_t thread;
  char* plain = map_anon(PAGES);
  pthread_barrier_init(&touched, NULL, 2);
  wait_for_go();
  touch_own();
  touch_row(ANON_ZERO, plain, PAGE, PAGES, WRITE_PAGES);
  if (pthread_create(&thread, NULL, other, NULL) != 0) die("pthread_create");
  pthread_barrier_wait(&touched);
  print_truth();
  // Whoever looks at the thread finds it.
  wait_for_go();
  pthread_barrier_wait(&touched);
  pthread_join(thread, NULL);
  return 0;
}
