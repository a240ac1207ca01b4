// Faults in a forked child, in a second thread, and one that the kernel cannot resolve.
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "phases.h"

enum { ANON = MAP_PRIVATE | MAP_ANONYMOUS };

void phase_fork(struct demo* demo) {
  size_t bytes = demo->pages * demo->page;
  char* start = map_pages(demo, bytes, PROT_READ | PROT_WRITE, ANON, -1);
  struct row parent = expect("fork, parent", "[anon]", "anon", "MINOR", "demand-zero");
  touch_pages(demo, parent, start, demo->page, demo->pages, WRITE_PAGES);
  int channel[2];
  if (pipe(channel) != 0) die("pipe");
  struct row child = expect("fork, child", "[anon]", "anon", "COW", "cow-anon");
  // A copy of the address space as with fork(2), but the parent waits: otherwise the order of the
  // two tasks' faults, and with it the output of --fixed-ts, differed from run to run.
  long pid = syscall(SYS_clone, CLONE_VFORK | SIGCHLD, NULL, NULL, NULL, 0);
  if (pid < 0) die("clone");
  if (pid == 0) {
    count_pages(&child, start, demo->page, demo->pages, WRITE_PAGES);
    _exit(write(channel[1], &child, sizeof(child)) == (ssize_t)sizeof(child) ? 0 : 1);
  }
  // The pointers in the row are literals, at the same addresses in the child.
  if (read(channel[0], &child, sizeof(child)) != (ssize_t)sizeof(child)) die("child");
  close(channel[0]);
  close(channel[1]);
  if (waitpid((pid_t)pid, NULL, 0) != (pid_t)pid) die("waitpid");
  truth_add(&demo->truth, &child);
}

struct job {
  struct row row;
  char* start;
  const struct demo* demo;
};

static int run_job(void* argument) {
  struct job* job = argument;
  prctl(PR_SET_NAME, "demo-thread");
  count_pages(&job->row, job->start, job->demo->page, job->demo->pages, WRITE_PAGES);
  return 0;
}

void phase_thread(struct demo* demo) {
  enum { STACK_BYTES = 64 * 1024 };
  char* stack = map_pages(demo, STACK_BYTES, PROT_READ | PROT_WRITE, ANON | MAP_STACK, -1);
  size_t bytes = demo->pages * demo->page;
  struct job job = {expect("thread", "[anon]", "anon", "MINOR", "demand-zero"), NULL, demo};
  job.start = map_pages(demo, bytes, PROT_READ | PROT_WRITE, ANON, -1);
  // Not pthread_create: this thread must wait from the first instruction of the other one, again
  // for the sake of one order of faults. It borrows our thread-local storage, which is idle.
  int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
  if (clone(run_job, stack + STACK_BYTES, flags | CLONE_VFORK, &job) < 0) die("clone");
  truth_add(&demo->truth, &job.row);
}

static sigjmp_buf segv_return;

static void on_segv(int signal_number) {
  (void)signal_number;
  siglongjmp(segv_return, 1);
}

void phase_segv(struct demo* demo) {
  enum { TIMES = 8 };
  struct sigaction handler = {.sa_handler = on_segv, .sa_flags = SA_NODEFER}, previous;
  sigemptyset(&handler.sa_mask);
  char* start = map_pages(demo, TIMES * demo->page, PROT_NONE, ANON, -1);
  sigaction(SIGSEGV, &handler, &previous);
  volatile long handled = 0;
  for (volatile int i = 0; i < TIMES; i++) {
    if (sigsetjmp(segv_return, 1) == 0) {
      (void)*(volatile char*)(start + (size_t)i * demo->page);
    } else {
      handled++;
    }
  }
  sigaction(SIGSEGV, &previous, NULL);
  struct row row = expect("SIGSEGV, handled", "[anon]", "anon", "ERROR", "unresolved");
  row.access = "r";
  row.pid = getpid();
  row.tid = (pid_t)syscall(SYS_gettid);
  row.start = (uintptr_t)start;
  row.end = (uintptr_t)start + TIMES * demo->page;
  row.faults = handled;
  row.minflt = -1;
  row.majflt = -1;
  truth_add(&demo->truth, &row);
}
