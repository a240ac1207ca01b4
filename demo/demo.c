// The built-in workload: a known number of page faults of each kind, and what they were.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <time.h>
#include <unistd.h>

#include "phases.h"

static const char USAGE[] =
    "usage: pagefault-demo [--json] [--repeat N] [--pace MS] [--pages N] [--dir DIR]\n"
    "  --repeat N  rounds; 0: until interrupted (1)\n"
    "  --pace MS   pause after each phase (0)\n"
    "  --pages N   faults of each kind, 1 to 4096 (64)\n"
    "  --dir DIR   where the data file goes ($TMPDIR, /var/tmp, /tmp or the current directory,\n"
    "              the first that is not kept in memory)\n";

static volatile sig_atomic_t interrupted;

static void on_signal(int signal_number) {
  (void)signal_number;
  interrupted = 1;
}

static _Noreturn void usage(void) {
  fputs(USAGE, stderr);
  exit(2);
}

static long number(const char* text, long low, long high) {
  char* end;
  errno = 0;
  long value = text == NULL ? -1 : strtol(text, &end, 10);
  if (text == NULL || *text == '\0' || *end != '\0' || errno != 0) usage();
  if (value < low || value > high) usage();
  return value;
}

// A file system in memory never reads from a disk: no major faults, no write-notify.
static bool in_memory(const char* directory) {
  enum { TMPFS = 0x01021994 };
  const unsigned long ramfs = 0x858458f6UL;
  struct statfs info;
  if (statfs(directory, &info) != 0) return true;
  unsigned long type = (unsigned long)info.f_type & 0xffffffffUL;
  return type == TMPFS || type == ramfs;
}

static char work_directory[4096];
static char data_file[4096 + 16];

// A new directory, for us alone: in /tmp anybody may have put something under any name. Numbered
// and not random (mkdtemp), because with --fixed-ts the faults of two runs must be the same, and
// the name's letters are looked up in a table of the C library.
static bool make_directory(const char* parent) {
  enum { TRIES = 1000 };
  for (int i = 0; i < TRIES; i++) {
    int length =
        snprintf(work_directory, sizeof(work_directory), "%s/pagefault-demo-%d", parent, i);
    if (length < 0 || (size_t)length >= sizeof(work_directory)) return false;
    if (mkdir(work_directory, 0700) == 0) return true;
    if (errno != EEXIST) return false;
  }
  return false;
}

static bool make_file(struct demo* demo, const char* parent) {
  if (parent == NULL || in_memory(parent) || !make_directory(parent)) return false;
  snprintf(data_file, sizeof(data_file), "%s/demo.dat", work_directory);
  demo->fd = open(data_file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (demo->fd < 0) die(data_file);
  static char block[64 * 1024];
  memset(block, 'x', sizeof(block));
  size_t stride = demo->page > sizeof(block) ? demo->page : sizeof(block);
  for (size_t left = stride * demo->pages; left > 0; left -= sizeof(block)) {
    if (write(demo->fd, block, sizeof(block)) != (ssize_t)sizeof(block)) die(data_file);
  }
  demo->path = data_file;
  return true;
}

static void remove_file(const struct demo* demo) {
  if (demo->path == NULL) return;
  unlink(data_file);
  rmdir(work_directory);
}

static void run_round(struct demo* demo, long pace_ms) {
  static phase_fn* const memory_phases[] = {
      phase_heap,  phase_stack,  phase_anonymous, phase_zero_page,   phase_fork, phase_thread,
      phase_memfd, phase_shared, phase_mremap,    phase_kernel_read, phase_segv};
  static phase_fn* const file_phases[] = {phase_file_cold, phase_file_warm, phase_file_private,
                                          phase_file_shared};
  struct timespec pause = {pace_ms / 1000, pace_ms % 1000 * 1000000};
  for (size_t i = 0; i < sizeof(memory_phases) / sizeof(memory_phases[0]) && !interrupted; i++) {
    memory_phases[i](demo);
    if (pace_ms > 0) nanosleep(&pause, NULL);
  }
  if (demo->path == NULL) {
    truth_note(&demo->truth, "no directory on a disk: file phases left out (see --dir)");
  }
  for (size_t i = 0; demo->path != NULL && i < 4 && !interrupted; i++) {
    file_phases[i](demo);
    if (pace_ms > 0) nanosleep(&pause, NULL);
  }
  end_round(demo);
  truth_finish(&demo->truth);
}

int main(int argc, char** argv) {
  static struct demo demo = {.pages = 64, .fd = -1};
  long repeat = 1, pace_ms = 0;
  const char* directory = NULL;
  demo.page = (size_t)sysconf(_SC_PAGESIZE);
  for (int i = 1; i < argc; i++) {
    const char* value = i + 1 < argc ? argv[i + 1] : NULL;
    if (strcmp(argv[i], "--json") == 0) {
      demo.truth.json = true;
      continue;
    }
    if (strcmp(argv[i], "--repeat") == 0) {
      repeat = number(value, 0, 1000000);
    } else if (strcmp(argv[i], "--pace") == 0) {
      pace_ms = number(value, 0, 60000);
    } else if (strcmp(argv[i], "--pages") == 0) {
      demo.pages = (size_t)number(value, 1, 4096);
    } else if (strcmp(argv[i], "--dir") == 0 && value != NULL) {
      directory = value;
    } else {
      usage();
    }
    i++;
  }
  struct sigaction handler = {.sa_handler = on_signal};
  sigaction(SIGINT, &handler, NULL);
  sigaction(SIGTERM, &handler, NULL);
  sigaction(SIGHUP, &handler, NULL);
  // A closed pipe must not keep the data file from being removed.
  signal(SIGPIPE, SIG_IGN);
  if (directory != NULL) {
    if (!make_file(&demo, directory)) {
      fprintf(stderr, "pagefault-demo: %s: not a writable directory on a disk\n", directory);
      return 1;
    }
  } else if (!make_file(&demo, getenv("TMPDIR")) && !make_file(&demo, "/var/tmp") &&
             !make_file(&demo, "/tmp")) {
    (void)make_file(&demo, ".");
  }
  truth_header(&demo.truth);
  for (long round = 0; (repeat == 0 || round < repeat) && !interrupted; round++) {
    run_round(&demo, pace_ms);
  }
  remove_file(&demo);
  return 0;
}
