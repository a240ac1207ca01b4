// A tree of processes that is there before anybody attaches: each worker has children and idle
// threads, and relays are processes that fork a successor and end, again and again: an orphan
// becomes a child of the first process. When told to go every one of them touches the same pages;
// they end when its standard input does. With --born the first process has so much memory that a
// fork takes long, and makes one child after the other until it tells them to go, so that it is
// nearly always in the middle of a fork.
//   family [--workers N] [--children N] [--threads N] [--relays N] [--born MIB] [--pages P] [--ms
//   LIFE]
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"

#define MAX_MEMBERS 65536

static struct members {
  long count;
  pid_t pids[MAX_MEMBERS];
} * members;
static char* start;
static size_t pages;
static int go[2];    // its end is the word to go
static int here[2];  // a byte of each member that waits
static int left[2];  // its end is the word to leave
static int done[2];  // held open by each member

static void* sleep_for_ever(void* unused) {
  for (;;) pause();
  return unused;
}

static void leave_threads(long threads) {
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 65536);
  for (long i = 0; i < threads; i++) {
    pthread_t thread;
    if (pthread_create(&thread, &small, sleep_for_ever, NULL) != 0) die("pthread_create");
  }
}

static void wait_for_end(int fd) {
  char byte;
  while (read(fd, &byte, 1) < 0 && errno == EINTR) {
  }
}

static _Noreturn void play(void) {
  touch(start, page_size(), pages, WRITE_PAGES);
  long slot = __atomic_fetch_add(&members->count, 1, __ATOMIC_RELAXED);
  if (slot < MAX_MEMBERS) members->pids[slot] = getpid();
  wait_for_end(left[0]);
  _exit(0);
}

static void say_here(void) {
  if (write(here[1], "h", 1) != 1) die("write");
}

static pid_t fork_member(void) {
  pid_t pid = fork();
  if (pid < 0) die("fork");
  if (pid != 0) return pid;
  close(go[1]);
  close(left[1]);
  return pid;
}

static _Noreturn void work(long children, long threads) {
  for (long i = 0; i < children; i++) {
    if (fork_member() != 0) continue;
    say_here();
    wait_for_end(go[0]);
    play();
  }
  leave_threads(threads);
  say_here();
  wait_for_end(go[0]);
  play();
}

static _Noreturn void relay(int life_ms) {
  say_here();
  for (;;) {
    struct pollfd word = {go[0], POLLIN, 0};
    if (poll(&word, 1, life_ms) > 0) play();
    if (fork_member() != 0) _exit(0);
  }
}

// Until standard input has something; the word to go is read behind this.
static void bear(size_t mib) {
  size_t large = (mib << 20) / page_size();
  touch(map_anon(large), page_size(), large, WRITE_PAGES);
  printf("{\"ready\":%d}\n", (int)getpid());
  fflush(stdout);
  struct pollfd word = {STDIN_FILENO, POLLIN, 0};
  int born = 0;
  for (; poll(&word, 1, 0) == 0; born++) {
    if (fork_member() != 0) continue;
    wait_for_end(go[0]);
    play();
  }
  printf("{\"born\":%d}\n", born);
}

int main(int argc, char** argv) {
  long workers = option(argc, argv, "--workers", 4);
  long children = option(argc, argv, "--children", 2);
  long threads = option(argc, argv, "--threads", 0);
  long relays = option(argc, argv, "--relays", 0);
  int life_ms = (int)option(argc, argv, "--ms", 20);
  pages = (size_t)option(argc, argv, "--pages", 8);
  members = mmap(NULL, sizeof(*members), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (members == MAP_FAILED) die("mmap");
  start = map_slot(0, pages);
  // Those that end are collected by the kernel.
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 || signal(SIGCHLD, SIG_IGN) == SIG_ERR) die("orphans");
  if (pipe(go) != 0 || pipe(here) != 0 || pipe(left) != 0 || pipe(done) != 0) die("pipe");
  for (long i = 0; i < workers; i++)
    if (fork_member() == 0) work(children, threads);
  for (long i = 0; i < relays; i++)
    if (fork_member() == 0) relay(life_ms);
  char byte;
  for (long i = 0; i < workers * (1 + children) + relays; i++)
    if (read(here[0], &byte, 1) != 1) die("read");
  long born = option(argc, argv, "--born", 0);
  if (born > 0) bear((size_t)born);
  close(done[1]);
  wait_for_go();
  close(go[1]);
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  close(left[1]);
  while (read(done[0], &byte, 1) > 0) {
  }
  while (wait(NULL) > 0) {
  }
  for (long i = 0; i < members->count && i < MAX_MEMBERS; i++) {
    add_task_row(ANON_ZERO, members->pids[i], start, pages);
  }
  print_truth();
  return 0;
}
