// Names that try to break a terminal, a table or a CSV file: of threads and of mapped files.
//   hostile --dir DIR [--pages P]
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common.h"

int main(int argc, char** argv) {
  size_t pages = (size_t)option(argc, argv, "--pages", 4);
  const char* directory = text_option(argc, argv, "--dir", ".");
  char longest[256];
  memset(longest, 'n', 255);
  longest[255] = '\0';
  const char* const names[] = {
      "two words.dat",
      "\033[2J\033[31mred",
      "line\nbreak",
      "\302\233"
      "31mC1",
      "\233"
      "31mraw C1",
      "quote\"comma,back\\slash",
      "ends (deleted)",
      "\033]0;title\007",
      "wide \344\270\255\346\226\207",
      "\\012 literal",
      "=cmd()",
      longest,
  };
  enum { COUNT = sizeof(names) / sizeof(names[0]) };
  char* starts[COUNT];
  for (size_t i = 0; i < COUNT; i++) {
    int fd = make_file(directory, names[i], pages * page_size());
    starts[i] = mmap(NULL, pages * page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (starts[i] == MAP_FAILED) die("mmap");
    close(fd);
  }
  wait_for_go();
  prctl(PR_SET_NAME, "\033[31m\n,\"x\033c");
  for (size_t i = 0; i < COUNT; i++) {
    struct row row = FILE_COW;
    row.region = names[i];
    touch_row(row, starts[i], page_size(), pages, WRITE_PAGES);
  }
  print_truth();
  return 0;
}
