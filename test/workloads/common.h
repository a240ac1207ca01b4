// What the workloads share: touching pages, the truth about it as JSON, waiting to be attached to.
#ifndef WORKLOADS_COMMON_H_
#define WORKLOADS_COMMON_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// One expectation: `faults` faults of one class and cause by one task in [start, end).
struct row {
  const char* region;  // raw bytes, escaped on printing
  const char* kind;
  const char* class_name;
  const char* cause;
  const char* mode;
  pid_t pid;
  pid_t tid;
  uintptr_t start;
  uintptr_t end;
  long faults;
};

extern const struct row ANON_ZERO;    // [anon], MINOR demand-zero
extern const struct row ANON_COW;     // [anon], COW cow-anon
extern const struct row FILE_MAJOR;   // MAJOR file-read; the region is the caller's
extern const struct row FILE_CACHED;  // MINOR page-cache
extern const struct row FILE_COW;     // COW cow-file

enum access { READ_PAGES, WRITE_PAGES };

size_t page_size(void);
// 64 KiB: a fault on one page maps the cached ones around it, but none outside its aligned 64 KiB.
size_t around(void);
pid_t own_tid(void);
double seconds_now(void);
void wait_until(double when);
_Noreturn void die(const char* what);

char* map_anon(size_t pages);
// Anonymous memory at a place of its own (slot 0, 1, ...), the same in every run and image.
char* map_slot(int slot, size_t pages);
void touch(char* start, size_t stride, size_t count, enum access access);
// Touches and records: `like` gives the names, the rest is filled in. Any thread may call it.
void touch_row(struct row like, char* start, size_t stride, size_t count, enum access access);
void add_row(struct row row);
// One fault in each of `pages` pages, by a task that is not this one.
void add_task_row(struct row like, pid_t task, const void* start, size_t pages);
// Prints {"rows":[...],"minflt":..,"majflt":..,"cpu":..,"seconds":..} and forgets the rows. Prints
// nothing with WORKLOAD_SILENT in the environment.
void print_truth(void);
// With WORKLOAD_WAIT=1: prints {"ready":PID} and reads a line, so that a tracer can attach first.
void wait_for_go(void);

// A file of `count` pages, `stride` bytes apart, in `directory`; synced. Returns a descriptor.
int make_file(const char* directory, const char* name, size_t bytes);
// Takes the file out of the page cache; ends the program when that does not succeed in 2 s.
void make_cold(int fd, size_t bytes);
// Option value of `--name N`, `fallback` where it is missing.
long option(int argc, char** argv, const char* name, long fallback);
const char* text_option(int argc, char** argv, const char* name, const char* fallback);
bool flag(int argc, char** argv, const char* name);

#endif  // WORKLOADS_COMMON_H_
