// Runs the tests named on the command line, or all: "ok NAME" or "failed NAME" for each.

#include <cstring>

#include "check.h"

int main(int argc, char** argv) {
  using namespace pagefault::test;
  // A sanitizer ends the program without flushing: what was printed must be out by then.
  setvbuf(stdout, nullptr, _IOLBF, 0);
  int failed = 0;
  for (const Test& test : Tests()) {
    bool wanted = argc < 2;
    for (int i = 1; i < argc; i++) wanted = wanted || strcmp(argv[i], test.name) == 0;
    if (!wanted) continue;
    Failures() = 0;
    printf("run %s\n", test.name);
    test.run();
    printf("%s %s\n", Failures() == 0 ? "ok" : "failed", test.name);
    failed += Failures() != 0;
  }
  return failed == 0 ? 0 : 1;
}
