// A process that shares its parent's memory without being its thread: each maps over what was there
// before, and the other touches it.
//   sharedvm [--pages P]
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"

static const struct row SHARED = {.region = "memfd:shared",
                                  .kind = "shm",
                                  .class_name = "MINOR",
                                  .cause = "shmem",
                                  .mode = "user"};
static char stack[64 << 10] __attribute__((aligned(16)));
static char* ours;
static char* theirs;
static size_t pages;
static int memory;

static void map_over(char* place) {
  void* start =
      mmap(place, pages * page_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, memory, 0);
  if (start == MAP_FAILED) die("mmap");
}

static int child(void* argument) {
  int* go = argument;
  char byte;
  if (read(go[0], &byte, 1) != 1) die("read");
  touch_row(SHARED, ours, page_size(), pages, WRITE_PAGES);
  map_over(theirs);
  return 0;
}

int main(int argc, char** argv) {
  pages = (size_t)option(argc, argv, "--pages", 16);
  int go[2];
  memory = (int)syscall(SYS_memfd_create, "shared", 0);
  if (memory < 0 || ftruncate(memory, (off_t)(pages * page_size())) != 0) die("memfd");
  if (pipe(go) != 0) die("pipe");
  ours = map_slot(0, pages);
  theirs = map_slot(1, pages);
  wait_for_go();
  int pid = clone(child, stack + sizeof(stack), CLONE_VM | SIGCHLD, go);
  if (pid < 0) die("clone");
  map_over(ours);
  if (write(go[1], "g", 1) != 1) die("write");
  int status;
  if (waitpid(pid, &status, 0) != pid || status != 0) die("child");
  touch_row(SHARED, theirs, page_size(), pages, WRITE_PAGES);
  print_truth();
  return 0;
}
