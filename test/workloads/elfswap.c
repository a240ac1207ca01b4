// Maps two ELF files at one address in turn, and touches a page of each where its section lies.
//   elfswap --first FILE --second FILE [--times N]
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common.h"

int main(int argc, char** argv) {
  long times = option(argc, argv, "--times", 1000);
  int files[2] = {open(text_option(argc, argv, "--first", ""), O_RDONLY),
                  open(text_option(argc, argv, "--second", ""), O_RDONLY)};
  if (files[0] < 0 || files[1] < 0) die("open");
  const size_t bytes = 4 * page_size();
  char* place = map_slot(0, 4);
  for (long i = 0; i < times; i++) {
    char* start =
        mmap(place, bytes, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, files[i % 2], 0);
    if (start == MAP_FAILED) die("mmap");
    touch(start + page_size(), page_size(), 1, READ_PAGES);
  }
  return 0;
}
