// Touches memory of every kind at known lines, through a known chain of twenty callers: .bss,
// initialised data, a thread-local variable, heap, a mapped file, the stack of a thread, and from
// within a signal handler; one of the functions is inlined. With an argument it stays until its
// standard input ends. Prints, a line each, "FUNCTION LINE
// TIMES DATA ROOT": what is to be seen. DATA is the variable, "-" for none, "?" where its name
// takes a process that still lives (tls.c). ROOT is the function that the chain begins with.
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "common.h"

enum { kPage = 4096, kPages = 16, kBytes = kPages * kPage };

#define OWN static __attribute__((noinline, noclone))

static char table[kBytes] __attribute__((aligned(4096)));
static char values[kBytes] __attribute__((aligned(4096))) = {1};
static _Thread_local char local[kBytes] __attribute__((aligned(4096)));

static char *heap, *inlined, *file, *stack, *handled;
static int lines[8];

static inline __attribute__((always_inline)) void put(char* at) {
  lines[3] = __LINE__ + 1;
  *(volatile char*)at = 1;
}

OWN void fill_bss(void) {
  lines[0] = __LINE__ + 1;
  for (int i = 0; i < kPages; i++) *(volatile char*)&table[i * kPage] = 1;
}

OWN void fill_data(void) {
  lines[1] = __LINE__ + 1;
  for (int i = 0; i < kPages; i++) *(volatile char*)&values[i * kPage] = 2;
}

OWN void fill_heap(void) {
  lines[2] = __LINE__ + 1;
  for (int i = 0; i < kPages; i++) *(volatile char*)&heap[i * kPage] = 3;
}

OWN void fill_inlined(void) {
  for (int i = 0; i < kPages; i++) put(&inlined[i * kPage]);
}

OWN void fill_local(void) {
  lines[4] = __LINE__ + 1;
  for (int i = 0; i < kPages; i++) *(volatile char*)&local[i * kPage] = 4;
}

OWN void fill_file(void) {
  lines[5] = __LINE__ + 1;
  for (int i = 0; i < kPages; i++) *(volatile char*)&file[i * kPage] = 5;
}

OWN void fill_stack(void) {
  lines[6] = __LINE__ + 1;
  for (int i = 0; i < kPages; i++) *(volatile char*)&stack[i * kPage] = 6;
}

OWN void fill_handled(void) {
  lines[7] = __LINE__ + 1;
  for (int i = 0; i < kPages; i++) *(volatile char*)&handled[i * kPage] = 7;
}

// Something is left to do behind each call: none becomes a jump.
static volatile int depth;
OWN void c1(void (*fill)(void)) {
  fill();
  depth = 1;
}
#define CALLS(from, to)               \
  OWN void from(void (*fill)(void)) { \
    to(fill);                         \
    depth = 2;                        \
  }
CALLS(c2, c1)
CALLS(c3, c2)
CALLS(c4, c3)
CALLS(c5, c4)
CALLS(c6, c5)
CALLS(c7, c6)
CALLS(c8, c7)
CALLS(c9, c8)
CALLS(c10, c9)
CALLS(c11, c10)
CALLS(c12, c11)
CALLS(c13, c12)
CALLS(c14, c13)
CALLS(c15, c14)
CALLS(c16, c15)
CALLS(c17, c16)
CALLS(c18, c17)
CALLS(c19, c18)
CALLS(c20, c19)

static void on_signal(int number) {
  (void)number;
  c20(fill_handled);
  depth = 3;
}

// The far end of its own stack, which nothing has touched yet.
static void* t_main(void* unused) {
  pthread_attr_t attributes;
  void* start;
  size_t size;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) die("pthread_getattr_np");
  if (pthread_attr_getstack(&attributes, &start, &size) != 0) die("pthread_attr_getstack");
  pthread_attr_destroy(&attributes);
  stack = start;
  c20(fill_stack);
  depth = 3;
  return unused;
}

static char* map_file(void) {
  FILE* made = tmpfile();
  if (made == NULL || ftruncate(fileno(made), kBytes) != 0) die("tmpfile");
  char* start = mmap(NULL, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(made), 0);
  if (start == MAP_FAILED) die("mmap");
  return start;
}

int main(int argc, char** argv) {
  (void)argv;
  heap = aligned_alloc(kPage, kBytes);
  inlined = aligned_alloc(kPage, kBytes);
  handled = aligned_alloc(kPage, kBytes);
  if (heap == NULL || inlined == NULL || handled == NULL) return 1;
  file = map_file();
  // The dynamic linker may have filled it with zeros.
  if (madvise(local, kBytes, MADV_DONTNEED) != 0) die("madvise");
  signal(SIGUSR1, on_signal);
  c20(fill_bss);
  c20(fill_data);
  c20(fill_heap);
  c20(fill_inlined);
  c20(fill_local);
  c20(fill_file);
  raise(SIGUSR1);
  pthread_t thread;
  if (pthread_create(&thread, NULL, t_main, NULL) != 0) die("pthread_create");
  pthread_join(thread, NULL);
  printf("fill_bss %d %d table main\n", lines[0], kPages);
  printf("fill_data %d %d values main\n", lines[1], kPages);
  printf("fill_heap %d %d - main\n", lines[2], kPages);
  printf("fill_inlined %d %d - main\n", lines[3], kPages);
  printf("fill_local %d %d ? main\n", lines[4], kPages);
  printf("fill_file %d %d - main\n", lines[5], kPages);
  printf("fill_stack %d %d - t_main\n", lines[6], kPages);
  printf("fill_handled %d %d - on_signal\n", lines[7], kPages);
  fflush(stdout);
  while (argc > 1 && getchar() != EOF) {
  }
  return 0;
}
