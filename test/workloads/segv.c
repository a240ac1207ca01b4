// Faults that the kernel does not resolve, handled by the program as runtimes do.
//   segv --dir DIR [--times N] [--die]
// N on a protected page, N beyond the end of a mapped file (SIGBUS), N on nothing at all; --die
// ends with one that is not handled.
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common.h"

static sigjmp_buf back;

static void on_signal(int signal_number) {
  (void)signal_number;
  siglongjmp(back, 1);
}

static void fail(struct row like, char* place, long times) {
  volatile long handled = 0;
  for (volatile long i = 0; i < times; i++) {
    if (sigsetjmp(back, 1) == 0) {
      (void)*(volatile char*)place;
    } else {
      handled++;
    }
  }
  like.class_name = "ERROR";
  like.cause = "unresolved";
  like.pid = getpid();
  like.tid = own_tid();
  like.start = (uintptr_t)place;
  like.end = like.start + page_size();
  like.faults = handled;
  add_row(like);
}

int main(int argc, char** argv) {
  long times = option(argc, argv, "--times", 100);
  int fd = make_file(text_option(argc, argv, "--dir", "."), "segv.dat", page_size());
  struct sigaction handler = {.sa_handler = on_signal, .sa_flags = SA_NODEFER};
  sigaction(SIGSEGV, &handler, NULL);
  sigaction(SIGBUS, &handler, NULL);
  char* guarded = map_anon(1);
  if (mprotect(guarded, page_size(), PROT_NONE) != 0) die("mprotect");
  char* file = mmap(NULL, 4 * page_size(), PROT_READ, MAP_PRIVATE, fd, 0);
  if (file == MAP_FAILED) die("mmap");
  char* nothing = map_slot(0, 1);
  if (munmap(nothing, page_size()) != 0) die("munmap");
  wait_for_go();
  struct row anon = {.region = "[anon]", .kind = "anon"};
  struct row mapped = {.region = "segv.dat", .kind = "file"};
  struct row unmapped = {.region = "[unknown]", .kind = "unknown"};
  fail(anon, guarded, times);
  fail(mapped, file + 2 * page_size(), times);
  fail(unmapped, nothing, times);
  print_truth();
  if (flag(argc, argv, "--die")) {
    signal(SIGSEGV, SIG_DFL);
    (void)*(volatile char*)guarded;
  }
  return 0;
}
