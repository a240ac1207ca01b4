// Keeps files in the page cache until its standard input ends: pin FILE...
// A machine may take pages away at any time (reclaim, a balloon, DAMON); a page that is locked
// stays.
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common.h"

int main(int argc, char** argv) {
  for (int i = 1; i < argc; i++) {
    int fd = open(argv[i], O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) != 0) die(argv[i]);
    void* start = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (start == MAP_FAILED || mlock(start, (size_t)info.st_size) != 0) die(argv[i]);
    close(fd);
  }
  printf("{\"ready\":%d}\n", (int)getpid());
  fflush(stdout);
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  return 0;
}
