// Pages that the kernel fetches for the process (get_user_pages): it counts faults for them, though
// nothing has faulted: a read past the page cache into fresh memory, and MAP_POPULATE.   fetched
// --dir DIR
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common.h"

enum { PAGES = 1024 };

static long counted(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt + usage.ru_majflt;
}

int main(int argc, char** argv) {
  size_t bytes = PAGES * page_size();
  int written = make_file(text_option(argc, argv, "--dir", "."), "fetched.dat", bytes);
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", written);
  int fd = open(path, O_RDONLY | O_DIRECT);
  if (fd < 0) die("O_DIRECT");
  char* start = map_anon(PAGES);
  madvise(start, bytes, MADV_NOHUGEPAGE);
  wait_for_go();
  long before = counted();
  if (read(fd, start, bytes) != (ssize_t)bytes) die("read");
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
  if (mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED) die("mmap");
  printf("{\"fetched\":%ld}\n", counted() - before);
  fflush(stdout);
  wait_for_go();
  return 0;
}
