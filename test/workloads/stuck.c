// A thread that hangs in a page fault, as on a slow disk: a userfaultfd that is answered late.
//   stuck [--ms N] [--forever]
// Kernels before per-VMA locks count the retried fault as a major one: getrusage(2) tells.
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common.h"

static void* run(void* argument) {
  struct row row = ANON_ZERO;
  struct rusage before, after;
  getrusage(RUSAGE_THREAD, &before);
  touch(argument, page_size(), 1, WRITE_PAGES);
  getrusage(RUSAGE_THREAD, &after);
  if (after.ru_majflt > before.ru_majflt) {
    row.class_name = "MAJOR";
    row.cause = "swap-in";
  }
  row.pid = getpid();
  row.tid = own_tid();
  row.start = (uintptr_t)argument;
  row.end = row.start + page_size();
  row.faults = 1;
  add_row(row);
  return NULL;
}

int main(int argc, char** argv) {
  long wait_ms = option(argc, argv, "--ms", 300);
  int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
  if (fd < 0) die("userfaultfd");
  struct uffdio_api api = {.api = UFFD_API};
  if (ioctl(fd, UFFDIO_API, &api) != 0) die("UFFDIO_API");
  char* start = map_anon(1);
  struct uffdio_register registration = {.range = {(uintptr_t)start, page_size()},
                                         .mode = UFFDIO_REGISTER_MODE_MISSING};
  if (ioctl(fd, UFFDIO_REGISTER, &registration) != 0) die("UFFDIO_REGISTER");
  wait_for_go();
  pthread_t thread;
  if (pthread_create(&thread, NULL, run, start) != 0) die("pthread_create");
  struct uffd_msg message;
  if (read(fd, &message, sizeof(message)) != (ssize_t)sizeof(message)) die("read");
  printf("{\"stuck\":\"0x%llx\"}\n", (unsigned long long)message.arg.pagefault.address);
  fflush(stdout);
  if (flag(argc, argv, "--forever")) pause();
  usleep((useconds_t)wait_ms * 1000);
  struct uffdio_zeropage zero = {.range = {(uintptr_t)start, page_size()}};
  if (ioctl(fd, UFFDIO_ZEROPAGE, &zero) != 0) die("UFFDIO_ZEROPAGE");
  pthread_join(thread, NULL);
  print_truth();
  return 0;
}
