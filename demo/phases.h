// The phases of the demo: each makes a known number of page faults of one kind.
#ifndef PAGEFAULT_DEMO_PHASES_H_
#define PAGEFAULT_DEMO_PHASES_H_

#include <stddef.h>

#include "truth.h"

enum { MAX_MAPPINGS = 32 };

struct mapping {
  void* address;
  size_t bytes;
};

struct demo {
  struct truth truth;
  size_t page;       // bytes
  size_t pages;      // faults per step
  const char* path;  // the data file, NULL where there is no file system that reads from a disk
  int fd;
  // Mappings stay until the round ends, so that no two phases of a round share an address and a
  // fault can be told by its address alone.
  struct mapping mappings[MAX_MAPPINGS];
  int mapping_count;
  void* heap_end;  // program break after the heap phase
  void* stack_low;
};

typedef void phase_fn(struct demo* demo);

// memory.c
phase_fn phase_heap, phase_stack, phase_anonymous, phase_zero_page, phase_memfd, phase_shared,
    phase_mremap, phase_kernel_read;
// tasks.c
phase_fn phase_fork, phase_thread, phase_segv;
// files.c
phase_fn phase_file_cold, phase_file_warm, phase_file_private, phase_file_shared;

// touch.c
// Maps memory and remembers it for end_round(). Ends the program when the kernel refuses.
char* map_pages(struct demo* demo, size_t bytes, int prot, int flags, int fd);
void end_round(struct demo* demo);

// A row without its numbers: the names must be literals.
struct row expect(const char* phase, const char* region, const char* kind, const char* class_name,
                  const char* cause);

enum access { READ_PAGES, WRITE_PAGES };
// Touches `count` pages, `stride` bytes apart, and adds the row, completed with pid, tid, range and
// the kernel's counters. Faults expected: `count`.
void touch_pages(struct demo* demo, struct row row, char* start, size_t stride, size_t count,
                 enum access access);
// The same without a row, for a task that must not print: its counts go to *row.
void count_pages(struct row* row, char* start, size_t stride, size_t count, enum access access);
_Noreturn void die(const char* what);

#endif  // PAGEFAULT_DEMO_PHASES_H_
