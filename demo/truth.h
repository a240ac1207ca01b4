// What the demo did, as a table for a person and as JSON for a test.
#ifndef PAGEFAULT_DEMO_TRUTH_H_
#define PAGEFAULT_DEMO_TRUTH_H_

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

// One expectation: `faults` faults of one class and cause, of one task, in [start, end).
struct row {
  const char* phase;
  const char* region;  // as the analyzer labels it
  const char* kind;    // file, heap, stack, anon, shm
  const char* class_name;
  const char* cause;
  const char* access;  // r, w
  const char* mode;    // user, kernel
  pid_t pid;
  pid_t tid;
  uintptr_t start;
  uintptr_t end;
  long faults;
  // What getrusage(2) counted meanwhile: the kernel's own word. -1 where it does not count
  // (a fault that ends in SIGSEGV is in no counter).
  long minflt;
  long majflt;
};

enum { TRUTH_ROWS = 48, TRUTH_NOTES = 8 };

struct truth {
  bool json;
  struct row rows[TRUTH_ROWS];
  int count;
  const char* notes[TRUTH_NOTES];
  int note_count;
};

// Adds a row; in table form it is printed at once, so that a slow demo shows where it is.
void truth_add(struct truth* truth, const struct row* row);
// Something that a reader must know, e.g. a phase left out. `text` must be a literal.
void truth_note(struct truth* truth, const char* text);
void truth_header(const struct truth* truth);
// Ends one round: totals of the table, or the JSON document on one line.
void truth_finish(struct truth* truth);

#endif  // PAGEFAULT_DEMO_TRUTH_H_
