// Touches memory at known lines: of a .bss, of initialised data, of a heap, through an inlined
// function. Prints, a line each, "FUNCTION LINE TIMES DATA OFFSET" (offset of the first, "-" for
// none): what is to be seen.
#include <stdio.h>
#include <stdlib.h>

enum { kPage = 4096, kPages = 16 };

static char table[kPages * kPage] __attribute__((aligned(4096)));
static char values[kPages * kPage] __attribute__((aligned(4096))) = {1};

static int lines[4];

static inline __attribute__((always_inline)) void put(char* at) {
  lines[3] = __LINE__ + 1;
  *(volatile char*)at = 1;
}

static __attribute__((noinline)) void fill_bss(void) {
  lines[0] = __LINE__ + 1;
  for (int i = 0; i < kPages; i++) *(volatile char*)&table[i * kPage] = 1;
}

static __attribute__((noinline)) void fill_data(void) {
  lines[1] = __LINE__ + 1;
  for (int i = 0; i < kPages; i++) *(volatile char*)&values[i * kPage] = 2;
}

static __attribute__((noinline)) void fill_heap(char* memory) {
  lines[2] = __LINE__ + 1;
  for (int i = 0; i < kPages; i++) *(volatile char*)&memory[i * kPage] = 3;
}

static __attribute__((noinline)) void fill_inlined(char* memory) {
  for (int i = 0; i < kPages; i++) put(&memory[i * kPage]);
}

int main(void) {
  char* memory = aligned_alloc(kPage, 2 * kPages * kPage);
  if (memory == NULL) return 1;
  fill_bss();
  fill_data();
  fill_heap(memory);
  fill_inlined(memory + kPages * kPage);
  printf("fill_bss %d %d table 0\n", lines[0], kPages);
  printf("fill_data %d %d values 0\n", lines[1], kPages);
  printf("fill_heap %d %d - 0\n", lines[2], kPages);
  printf("fill_inlined %d %d - 0\n", lines[3], kPages);
  return 0;
}
