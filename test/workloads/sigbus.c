// Touches memory that is not there, and dies of SIGBUS, or with --survive 1 goes on.
//   sigbus --dir DIR --what file    a file on a disk, cut off after it was mapped
//          --what huge-file         the same in DIR/hugetlbfs
//          --what pool              more huge pages than there are
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common.h"

#define HUGE ((size_t)2 << 20)

static sigjmp_buf after;

static void caught(int signal) {
  (void)signal;
  siglongjmp(after, 1);
}

static char* map_file(const char* path, size_t page, size_t count, int* fd) {
  *fd = open(path, O_RDWR | O_CREAT, 0600);
  if (*fd < 0 || ftruncate(*fd, (off_t)(page * count)) != 0) die(path);
  char* start = mmap(NULL, page * count, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
  if (start == MAP_FAILED) die("mmap");
  return start;
}

static void touch_all(char* start, size_t page, size_t count) {
  if (sigsetjmp(after, 1) != 0) return;
  for (size_t i = 0; i < count; i++) *(volatile char*)(start + i * page) = 1;
}

int main(int argc, char** argv) {
  const char* directory = text_option(argc, argv, "--dir", ".");
  const char* what = text_option(argc, argv, "--what", "file");
  if (option(argc, argv, "--survive", 0) != 0) signal(SIGBUS, caught);
  wait_for_go();
  char path[4096];
  int fd;
  if (strcmp(what, "pool") == 0) {
    size_t count = (size_t)option(argc, argv, "--pages", 1024);
    char* start = mmap(NULL, count * HUGE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED) die("mmap");
    touch_all(start, HUGE, count);
    puts("survived");
    return 0;
  }
  bool huge = strcmp(what, "huge-file") == 0;
  size_t page = huge ? HUGE : page_size();
  snprintf(path, sizeof path, "%s/%scut off", directory, huge ? "hugetlbfs/" : "");
  char* start = map_file(path, page, 3, &fd);
  if (ftruncate(fd, (off_t)page) != 0) die("ftruncate");
  touch_all(start, page, 3);
  puts("survived");
  return 0;
}
