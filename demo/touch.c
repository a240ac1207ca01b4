#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "phases.h"

void die(const char* what) {
  perror(what);
  exit(1);
}

char* map_pages(struct demo* demo, size_t bytes, int prot, int flags, int fd) {
  void* address = mmap(NULL, bytes, prot, flags, fd, 0);
  if (address == MAP_FAILED) die("mmap");
  // One huge page would take the place of 512 faults. EINVAL where the kernel has none.
  if (fd < 0) (void)madvise(address, bytes, MADV_NOHUGEPAGE);
  if (demo->mapping_count == MAX_MAPPINGS) abort();
  demo->mappings[demo->mapping_count++] = (struct mapping){address, bytes};
  return address;
}

void end_round(struct demo* demo) {
  for (int i = 0; i < demo->mapping_count; i++) {
    munmap(demo->mappings[i].address, demo->mappings[i].bytes);
  }
  demo->mapping_count = 0;
  size_t bytes = demo->pages * demo->page;
  // malloc may have taken memory above ours: then the heap stays as it is, the next round grows it.
  if (demo->heap_end != NULL && sbrk(0) == demo->heap_end) (void)sbrk(-(intptr_t)bytes);
  demo->heap_end = NULL;
  if (demo->stack_low != NULL) (void)madvise(demo->stack_low, bytes, MADV_DONTNEED);
}

struct row expect(const char* phase, const char* region, const char* kind, const char* class_name,
                  const char* cause) {
  struct row row = {0};
  row.phase = phase;
  row.region = region;
  row.kind = kind;
  row.class_name = class_name;
  row.cause = cause;
  row.mode = "user";
  return row;
}

void count_pages(struct row* row, char* start, size_t stride, size_t count, enum access access) {
  struct rusage before, after;
  volatile char* byte = start;
  getrusage(RUSAGE_THREAD, &before);
  if (access == WRITE_PAGES) {
    for (size_t i = 0; i < count; i++) byte[i * stride] = 1;
  } else {
    for (size_t i = 0; i < count; i++) (void)byte[i * stride];
  }
  getrusage(RUSAGE_THREAD, &after);
  row->pid = getpid();
  row->tid = (pid_t)syscall(SYS_gettid);
  row->start = (uintptr_t)start;
  row->end = (uintptr_t)start + stride * count;
  row->faults = (long)count;
  row->access = access == WRITE_PAGES ? "w" : "r";
  row->minflt = after.ru_minflt - before.ru_minflt;
  row->majflt = after.ru_majflt - before.ru_majflt;
}

void touch_pages(struct demo* demo, struct row row, char* start, size_t stride, size_t count,
                 enum access access) {
  count_pages(&row, start, stride, count, access);
  truth_add(&demo->truth, &row);
}
