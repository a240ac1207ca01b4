// Faults that userfaultfd gives to a thread of the same process, or to a child.
//   uffd --pages P --us U     P first touches, each answered after U microseconds
//   uffd --child 1 ...        by a child, which inherited the descriptor
//   uffd --protect 1          the kernel itself takes a write protection off (WP_ASYNC, Linux 6.7),
//   again and
//                             again until standard input ends
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"

#ifndef UFFD_FEATURE_WP_UNPOPULATED
#define UFFD_FEATURE_WP_UNPOPULATED (1 << 13)
#endif
#ifndef UFFD_FEATURE_WP_ASYNC
#define UFFD_FEATURE_WP_ASYNC (1 << 15)
#endif

static int descriptor;
static long answer_us;
static _Alignas(4096) char content[4096];

static void* answer(void* unused) {
  (void)unused;
  struct uffd_msg message;
  while (read(descriptor, &message, sizeof message) == sizeof message) {
    usleep((useconds_t)answer_us);
    struct uffdio_copy copy = {.dst = message.arg.pagefault.address & ~(page_size() - 1),
                               .src = (unsigned long)content,
                               .len = page_size()};
    if (ioctl(descriptor, UFFDIO_COPY, &copy) != 0) die("UFFDIO_COPY");
  }
  return NULL;
}

static void open_descriptor(__u64 features) {
  descriptor = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
  struct uffdio_api api = {.api = UFFD_API, .features = features};
  if (descriptor < 0 || ioctl(descriptor, UFFDIO_API, &api) != 0) die("userfaultfd");
}

static void register_range(char* start, size_t bytes, __u64 mode) {
  struct uffdio_register range = {.range = {(unsigned long)start, bytes}, .mode = mode};
  if (ioctl(descriptor, UFFDIO_REGISTER, &range) != 0) die("UFFDIO_REGISTER");
}

static void first_touches(size_t pages, int by_child) {
  char* start = map_anon(pages);
  open_descriptor(0);
  register_range(start, pages * page_size(), UFFDIO_REGISTER_MODE_MISSING);
  pthread_t thread;
  pid_t child = by_child ? fork() : 0;
  if (child < 0) die("fork");
  if (by_child && child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    answer(NULL);
    _exit(0);
  }
  if (!by_child && pthread_create(&thread, NULL, answer, NULL) != 0) die("pthread_create");
  struct row row = ANON_ZERO;
  row.cause = "userfaultfd";
  touch_row(row, start, page_size(), pages, WRITE_PAGES);
  if (by_child && (kill(child, SIGKILL) != 0 || waitpid(child, NULL, 0) != child)) die("kill");
}

static void protected_writes(size_t pages) {
  char* start = map_anon(pages);
  size_t bytes = pages * page_size();
  touch(start, page_size(), pages, WRITE_PAGES);
  open_descriptor(UFFD_FEATURE_WP_ASYNC | UFFD_FEATURE_WP_UNPOPULATED);
  register_range(start, bytes, UFFDIO_REGISTER_MODE_WP);
  struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
  do {
    struct uffdio_writeprotect protect = {.range = {(unsigned long)start, bytes},
                                          .mode = UFFDIO_WRITEPROTECT_MODE_WP};
    if (ioctl(descriptor, UFFDIO_WRITEPROTECT, &protect) != 0) die("UFFDIO_WRITEPROTECT");
    touch(start, page_size(), pages, WRITE_PAGES);
  } while (poll(&input, 1, 20) == 0);
}

int main(int argc, char** argv) {
  size_t pages = (size_t)option(argc, argv, "--pages", 100);
  answer_us = option(argc, argv, "--us", 1000);
  wait_for_go();
  if (option(argc, argv, "--protect", 0) != 0) {
    protected_writes(pages);
  } else {
    first_touches(pages, option(argc, argv, "--child", 0) != 0);
  }
  print_truth();
  return 0;
}
