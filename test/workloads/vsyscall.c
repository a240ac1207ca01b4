// Calls through the legacy vsyscall page, as statically linked programs of old C libraries do.
//   vsyscall [--calls N]
// The kernel answers each at the page-fault entry: no fault is counted and no signal sent.
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "common.h"

#define VSYSCALL_ADDR 0xffffffffff600000UL  // asm/vsyscall.h; gettimeofday comes first

// Not with vsyscall=none on the kernel's command line.
static bool has_page(void) {
  FILE* maps = fopen("/proc/self/maps", "r");
  if (maps == NULL) die("/proc/self/maps");
  char line[512];
  bool found = false;
  while (fgets(line, sizeof(line), maps) != NULL) {
    found = found || strstr(line, "[vsyscall]") != NULL;
  }
  fclose(maps);
  return found;
}

int main(int argc, char** argv) {
  long calls = has_page() ? option(argc, argv, "--calls", 1000) : 0;
  int (*get_time)(struct timeval*, void*) = (int (*)(struct timeval*, void*))VSYSCALL_ADDR;
  struct timeval now;
  wait_for_go();
  for (long i = 0; i < calls; i++) {
    if (get_time(&now, NULL) != 0) die("vsyscall");
  }
  add_row((struct row){.region = "[vsyscall]",
                       .kind = "special",
                       .class_name = "ERROR",
                       .cause = "unresolved",
                       .mode = "user",
                       .pid = getpid(),
                       .tid = own_tid(),
                       .start = VSYSCALL_ADDR,
                       .end = VSYSCALL_ADDR + page_size()});
  printf("{\"calls\":%ld}\n", calls);
  print_truth();
  return 0;
}
