// Many short-lived processes: each child copies what it inherited, half of them fork once more.
//   forkstorm [--children N] [--at-once K] [--pages P] [--rate CHILDREN_PER_SECOND]
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"

static long next_slot(long* counter) {
  return __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

int main(int argc, char** argv) {
  long children = option(argc, argv, "--children", 100);
  long at_once = option(argc, argv, "--at-once", 8);
  size_t pages = (size_t)option(argc, argv, "--pages", 8);
  long rate = option(argc, argv, "--rate", 0);
  // Which processes there were: written by each of them.
  struct family {
    long count;
    pid_t pids[];
  }* family = mmap(NULL, sizeof(long) + sizeof(pid_t) * (size_t)children * 2,
                   PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (family == MAP_FAILED) die("mmap");
  char* start = map_slot(0, pages);
  wait_for_go();
  touch_row(ANON_ZERO, start, page_size(), pages, WRITE_PAGES);
  double began = seconds_now();
  long running = 0;
  for (long i = 0; i < children; i++) {
    if (rate > 0) wait_until(began + (double)i / (double)rate);
    if (running == at_once) {
      wait(NULL);
      running--;
    }
    pid_t pid = fork();
    if (pid < 0) die("fork");
    if (pid == 0) {
      touch(start, page_size(), pages, WRITE_PAGES);
      family->pids[next_slot(&family->count)] = getpid();
      if (i % 2 == 0) {
        if (fork() == 0) {
          touch(start, page_size(), pages, WRITE_PAGES);
          family->pids[next_slot(&family->count)] = getpid();
          _exit(0);
        }
        wait(NULL);
      }
      _exit(0);
    }
    running++;
  }
  while (wait(NULL) > 0) {
  }
  for (long i = 0; i < family->count; i++) {
    add_task_row(ANON_COW, family->pids[i], start, pages);
  }
  print_truth();
  return 0;
}
