// A chain of execs: every image touches pages at a place of its own, then becomes the next one.
//   execer [--depth N] [--pages P] [-- COMMAND ARG...]   COMMAND is the last image
// Each image prints its own truth.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common.h"

int main(int argc, char** argv) {
  // The depth goes on in the environment: the arguments stay the same in every image.
  const char* left = getenv("EXECER_DEPTH");
  long depth = left != NULL ? strtol(left, NULL, 10) : option(argc, argv, "--depth", 3);
  long pages = option(argc, argv, "--pages", 16);
  char** command = NULL;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--") == 0) command = &argv[i + 1];
  }
  char* start = map_slot((int)depth, (size_t)pages);
  if (left == NULL) wait_for_go();
  touch_row(ANON_ZERO, start, page_size(), (size_t)pages, WRITE_PAGES);
  print_truth();
  if (depth > 0) {
    char depth_text[24];
    snprintf(depth_text, sizeof(depth_text), "%ld", depth - 1);
    setenv("EXECER_DEPTH", depth_text, 1);
    execv("/proc/self/exe", argv);
    die("execv");
  }
  if (command != NULL && command[0] != NULL) {
    execvp(command[0], command);
    die(command[0]);
  }
  return 0;
}
