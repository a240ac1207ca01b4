// Touches pages through chains of callers that are known by name, P pages each. To be built without
// optimisation and with frame pointers.
//   main -> d20 -> ... -> d1
//   main -> recurse, twelve times
//   main -> h_raise, interrupted in its system call: handler -> h_touch
//   t_main -> t_middle -> t_touch, in four threads
//   main -> k_read, whose system call writes to the page
// What touches a page is a function of this file, never the C library, which has no frame pointers.
//   chains [--pages P]
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common.h"

enum { THREADS = 4, DEPTH = 12 };

static long pages;

static void d1(volatile char* page) {
  *page = 1;
}
#define CALLS(from, to)                   \
  static void from(volatile char* page) { \
    to(page);                             \
  }
CALLS(d2, d1)
CALLS(d3, d2)
CALLS(d4, d3)
CALLS(d5, d4)
CALLS(d6, d5)
CALLS(d7, d6)
CALLS(d8, d7)
CALLS(d9, d8)
CALLS(d10, d9)
CALLS(d11, d10)
CALLS(d12, d11)
CALLS(d13, d12)
CALLS(d14, d13)
CALLS(d15, d14)
CALLS(d16, d15)
CALLS(d17, d16)
CALLS(d18, d17)
CALLS(d19, d18)
CALLS(d20, d19)

static void recurse(volatile char* page, int left) {
  if (left > 1) {
    recurse(page, left - 1);
  } else {
    *page = 1;
  }
}

// A system call of three arguments, in the frame of its caller.
static inline __attribute__((always_inline)) long call(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c)
                   : "rcx", "r11", "memory");
  return result;
}

static volatile char* handled;

static void h_touch(volatile char* page) {
  *page = 1;
}

static void handler(int number) {
  (void)number;
  h_touch(handled);
}

static void h_raise(void) {
  if (call(SYS_tgkill, getpid(), own_tid(), SIGUSR1) != 0) die("tgkill");
}

static void t_touch(volatile char* page) {
  *page = 1;
}

static void t_middle(volatile char* page) {
  t_touch(page);
}

static void k_read(int zero, char* page) {
  if (call(SYS_read, zero, (long)page, 1) != 1) die("read");
}

static void expect(char* start, const char* mode) {
  struct row row = ANON_ZERO;
  row.mode = mode;
  row.pid = getpid();
  row.tid = own_tid();
  row.start = (uintptr_t)start;
  row.end = (uintptr_t)start + (size_t)pages * page_size();
  row.faults = pages;
  add_row(row);
}

static void* t_main(void* start) {
  for (long i = 0; i < pages; i++) t_middle((char*)start + (size_t)i * page_size());
  expect(start, "user");
  return NULL;
}

int main(int argc, char** argv) {
  pages = option(argc, argv, "--pages", 100);
  char* memory[4];
  char* of_thread[THREADS];
  for (int i = 0; i < 4; i++) memory[i] = map_anon((size_t)pages);
  for (int i = 0; i < THREADS; i++) of_thread[i] = map_anon((size_t)pages);
  signal(SIGUSR1, handler);
  int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  if (zero < 0) die("/dev/zero");
  wait_for_go();
  size_t step = page_size();
  for (long i = 0; i < pages; i++) d20(memory[0] + (size_t)i * step);
  for (long i = 0; i < pages; i++) recurse(memory[1] + (size_t)i * step, DEPTH);
  for (long i = 0; i < pages; i++) {
    handled = memory[2] + (size_t)i * step;
    h_raise();
  }
  for (long i = 0; i < pages; i++) k_read(zero, memory[3] + (size_t)i * step);
  for (int i = 0; i < 4; i++) expect(memory[i], i == 3 ? "kernel" : "user");
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) {
    if (pthread_create(&threads[i], NULL, t_main, of_thread[i]) != 0) die("pthread_create");
  }
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  print_truth();
  return 0;
}
