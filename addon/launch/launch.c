// The program as it is started (bin/pagefault-analyzer): becomes Node, which runs bin/
// pagefault-analyzer.js. Before any JavaScript runs, Node obeys NODE_OPTIONS and others, and
// destroys what a COMMAND is to find as it was: that is taken out and noted first (notes.h).
//
// No script could do it: every shell sets SIGCHLD anew before its first line.
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "notes.h"

// SIGUSR1 makes Node open its debugger to every user of the machine. The JavaScript takes the
// signal as its first act; until then this address, which nothing can be bound to, keeps the port
// closed. No flag of V8 stands beside it: under any, the code that Node carries compiled for its
// own modules is refused (src/cli/young-generation.ts).
static char kNoDebugger[] = "--inspect-port=[fe80::1%/]:0";

// As the program says what is asked of it wrongly.
enum { kConfiguration = 2 };

static const char* Advice(int error) {
  switch (error) {
    case EMFILE:
      return " (raise the limit with ulimit -n)";
    case ENFILE:
      return " (see /proc/sys/fs/file-max)";
    case ENOMEM:
      return " (free some memory, or raise the limit of the cgroup or ulimit -v)";
    case E2BIG:
      return " (shorten the arguments or the environment, or raise ulimit -s)";
    case EFBIG:
      return " (raise the limit with ulimit -f)";
    default:
      return "";
  }
}

static _Noreturn void Refuse(const char* what, int error) {
  dprintf(2, "error: cannot start: %s: %s%s\n", what, strerror(error), Advice(error));
  exit(kConfiguration);
}

// Where this file lies, links followed. Without /proc by the path that the kernel was given.
static char* OwnPath(void) {
  char* path = realpath("/proc/self/exe", NULL);
  if (path != NULL) return path;
  const char* given = (const char*)getauxval(AT_EXECFN);
  path = given == NULL ? NULL : realpath(given, NULL);
  if (path == NULL) Refuse("its own path is not known", errno);
  return path;
}

// DIRECTORY/bin/pagefault-analyzer: the directory.
static char* Root(void) {
  char* path = OwnPath();
  for (int up = 0; up < 2; up++) {
    char* slash = strrchr(path, '/');
    if (slash != NULL) *slash = '\0';
  }
  return path;
}

static char* Joined(const char* directory, const char* file) {
  char* path;
  if (asprintf(&path, "%s/%s", directory, file) < 0) Refuse("asprintf", ENOMEM);
  return path;
}

static bool IsForNode(const char* entry) {
  return strncmp(entry, "NODE_", 5) == 0 || strncmp(entry, "PAGEFAULT_LAUNCH=", 17) == 0;
}

// COMMAND has the environment from the notes.
static void HideFromNode(int notes) {
  char** kept = environ;
  for (char** entry = environ; *entry != NULL; entry++)
    if (!IsForNode(*entry)) *kept++ = *entry;
  *kept = NULL;
  static char variable[32];
  snprintf(variable, sizeof variable, "PAGEFAULT_LAUNCH=%d", notes);
  if (putenv(variable) != 0) Refuse("putenv", errno);
  // Each thread of V8 would have a heap of its own, which keeps what a compilation has freed. glibc
  // looks before any code of ours runs.
  if (setenv("MALLOC_ARENA_MAX", "1", 0) != 0) Refuse("setenv", errno);
}

// Of a link to Node, or of Node in a directory of PATH: there is none that we may execute.
static bool IsAbsent(int error) {
  return error == ENOENT || error == ENOTDIR || error == EACCES || error == ELOOP;
}

static _Noreturn void BecomeNode(const char* root, char** arguments) {
  // The one that the addon was built with: under sudo, PATH may lack it, or hold another one.
  arguments[0] = Joined(root, "build/Release/node");
  execv(arguments[0], arguments);
  if (!IsAbsent(errno)) Refuse(arguments[0], errno);
  arguments[0] = "node";
  execvp(arguments[0], arguments);
  if (!IsAbsent(errno)) Refuse("node", errno);
  dprintf(2,
          "error: node is not in PATH: run sudo env \"PATH=$PATH\" pagefault-analyzer ..., or npm "
          "run build again\n");
  exit(kConfiguration);
}

int main(int argc, char** argv) {
  const char* call;
  const int notes = TakeNotes(&call);
  if (notes < 0) Refuse(call, errno);
  const char* root = Root();
  char* script = Joined(root, "bin/pagefault-analyzer.js");
  if (access(script, R_OK) != 0) {
    const int error = errno;
    dprintf(2,
            "error: cannot start: %s: %s (the program runs where it was built, or by a link to "
            "it: a copy does not)\n",
            script, strerror(error));
    return kConfiguration;
  }
  HideFromNode(notes);
  // Before Linux 5.18 a program can be started without even its own name.
  const int given = argc > 0 ? argc - 1 : 0;
  char** arguments = malloc(((size_t)given + 4) * sizeof *arguments);
  if (arguments == NULL) Refuse("malloc", errno);
  arguments[1] = kNoDebugger;
  arguments[2] = script;
  if (given > 0) memcpy(&arguments[3], &argv[1], (size_t)given * sizeof *arguments);
  arguments[3 + given] = NULL;
  BecomeNode(root, arguments);
}
