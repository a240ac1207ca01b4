// System V shared memory: attached, touched, cut by mprotect, detached; then its place is accessed.
//   sysvshm [--pages P]
#include <setjmp.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include "common.h"

static sigjmp_buf back;

static void on_signal(int signal_number) {
  (void)signal_number;
  siglongjmp(back, 1);
}

int main(int argc, char** argv) {
  size_t pages = (size_t)option(argc, argv, "--pages", 16);
  struct sigaction handler = {.sa_handler = on_signal, .sa_flags = SA_NODEFER};
  sigaction(SIGSEGV, &handler, NULL);
  int id = shmget(IPC_PRIVATE, pages * page_size(), IPC_CREAT | 0600);
  if (id < 0) die("shmget");
  wait_for_go();
  char* place = shmat(id, NULL, 0);
  if (place == (char*)-1) die("shmat");
  // It goes with its last attachment, also when something fails.
  if (shmctl(id, IPC_RMID, NULL) != 0) die("shmctl");
  struct row row = {.region = "SYSV00000000", .kind = "shm", .class_name = "MINOR"};
  row.cause = "shmem";
  row.mode = "user";
  touch_row(row, place, page_size(), pages, WRITE_PAGES);
  if (mprotect(place + page_size(), page_size(), PROT_READ) != 0) die("mprotect");
  if (shmdt(place) != 0) die("shmdt");
  for (volatile size_t i = 0; i < pages; i++) {
    if (sigsetjmp(back, 1) == 0) (void)*(volatile char*)(place + i * page_size());
  }
  row.region = "[unknown]";
  row.kind = "unknown";
  row.class_name = "ERROR";
  row.cause = "unresolved";
  row.pid = getpid();
  row.tid = own_tid();
  row.start = (uintptr_t)place;
  row.end = row.start + pages * page_size();
  row.faults = (long)pages;
  add_row(row);
  print_truth();
  return 0;
}
