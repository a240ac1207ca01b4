// Notes what Node destroys at its start, for a COMMAND that is to get it back. Runs as a child of
// the launcher (bin/pagefault-analyzer), which has handed on limits, signals and descriptors as it
// got them; only the environment is read from the shell's own memory, because shells drop and
// change variables.
//
//   pagefault-launch SHELL_PID
//
// Prints "NAMES|NOTES": the names that the shell must unset before Node starts, and the notes for
// src/sources/live/inheritance.ts:
// nofile=SOFT:HARD;ignored=HEX;blocked=HEX;fds=3-5,9;drop=NAMES;give=ENTRIES;lack=WHAT;left=NUMBER.
// Limits are numbers or "unlimited". Bit N-1 of a mask is signal N. ENTRIES are NAME=VALUE joined
// by commas, with % and two hexadecimal digits for bytes that mean something here or are not ASCII.
// WHAT could not be found out are words of Lacks, joined by commas.
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../util/kernel_signal.h"

extern char** environ;

// The kernel takes no string of 128 KiB or more (MAX_ARG_STRLEN); the other notes need little.
static const size_t kMaxEntries = 120 * 1024;

static uint64_t IgnoredSignals(void) {
  uint64_t ignored = 0;
  for (int signal = 1; signal <= kLastSignal; signal++)
    if (HandlerOf(signal) == SIG_IGN) ignored |= SignalBit(signal);
  return ignored;
}

// What could not be found out, so that COMMAND may get something else than it would have had.
struct Lacks {
  bool limit;
  bool signals;
  bool descriptors;
  bool environment;
};

static uint64_t BlockedSignals(struct Lacks* lacks) {
  uint64_t blocked = 0;
  if (syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &blocked, sizeof blocked) == 0) return blocked;
  lacks->signals = true;
  return 0;
}

static void PrintLimit(rlim_t limit) {
  if (limit == RLIM_INFINITY)
    fputs("unlimited", stdout);
  else
    printf("%llu", (unsigned long long)limit);
}

static int ByNumber(const void* a, const void* b) {
  const int x = *(const int*)a;
  const int y = *(const int*)b;
  return (x > y) - (x < y);
}

// Descriptors above 2 as ranges. Nothing of the shell's own is among them: it marks them
// close-on-exec.
static void PrintDescriptors(struct Lacks* lacks) {
  DIR* directory = opendir("/proc/self/fd");
  if (directory == NULL) {
    lacks->descriptors = true;
    return;
  }
  int* fds = NULL;
  size_t count = 0;
  size_t room = 0;
  errno = 0;
  for (struct dirent* entry; (entry = readdir(directory)) != NULL; errno = 0) {
    const int fd = atoi(entry->d_name);
    if (fd <= 2 || fd == dirfd(directory)) continue;
    if (count == room) {
      room = room * 2 + 64;
      int* larger = realloc(fds, room * sizeof *fds);
      if (larger == NULL) break;
      fds = larger;
    }
    fds[count++] = fd;
  }
  // The end of the directory leaves it alone; realloc() and readdir() do not.
  lacks->descriptors = errno != 0;
  closedir(directory);
  if (count > 0) qsort(fds, count, sizeof *fds, ByNumber);
  for (size_t first = 0, next; first < count; first = next) {
    for (next = first + 1; next < count && fds[next] == fds[next - 1] + 1; next++) {
    }
    printf(first == 0 ? "%d" : ",%d", fds[first]);
    if (next - first > 1) printf("-%d", fds[next - 1]);
  }
  free(fds);
}

struct Entries {
  char** list;
  size_t count;
};

// The environment that the shell was given; our own where that cannot be read.
static struct Entries GivenEnvironment(const char* shell, struct Lacks* lacks) {
  struct Entries given = {environ, 0};
  while (environ[given.count] != NULL) given.count++;
  lacks->environment = true;
  char path[64];
  snprintf(path, sizeof path, "/proc/%s/environ", shell);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return given;
  char* text = NULL;
  size_t size = 0;
  size_t room = 0;
  ssize_t n;
  do {
    if (room - size < 4096) {
      room = room * 2 + 65536;
      char* larger = realloc(text, room);
      if (larger == NULL) return given;
      text = larger;
    }
    n = read(fd, text + size, room - size - 1);
    if (n > 0) size += (size_t)n;
  } while (n > 0 || (n < 0 && errno == EINTR));
  close(fd);
  if (n < 0) return given;
  text[size] = '\0';
  size_t count = 0;
  for (size_t at = 0; at < size; at += strlen(text + at) + 1) count++;
  char** list = malloc((count + 1) * sizeof *list);
  if (list == NULL) return given;
  size_t k = 0;
  for (size_t at = 0; at < size; at += strlen(text + at) + 1) list[k++] = text + at;
  lacks->environment = false;
  return (struct Entries){list, count};
}

static int ByText(const void* a, const void* b) {
  return strcmp(*(char* const*)a, *(char* const*)b);
}

static char** Sorted(struct Entries entries) {
  char** sorted = malloc((entries.count + 1) * sizeof *sorted);
  if (sorted == NULL) {
    perror("pagefault-launch");
    exit(1);
  }
  if (entries.count > 0) {
    memcpy(sorted, entries.list, entries.count * sizeof *sorted);
    qsort(sorted, entries.count, sizeof *sorted, ByText);
  }
  return sorted;
}

static size_t NameLength(const char* entry) {
  return strcspn(entry, "=");
}

static bool IsName(const char* entry) {
  const size_t length = NameLength(entry);
  if (length == 0 || entry[length] != '=' || isdigit((unsigned char)entry[0])) return false;
  for (size_t k = 0; k < length; k++)
    if (!isalnum((unsigned char)entry[k]) && entry[k] != '_') return false;
  return true;
}

// Not for Node's eyes, or about to be set by the launcher.
static bool IsHidden(const char* entry) {
  return strncmp(entry, "NODE_", 5) == 0 || strncmp(entry, "PAGEFAULT_LAUNCH=", 17) == 0;
}

static bool IsPlain(unsigned char c) {
  return c > ' ' && c < 0x7f && c != '%' && c != ',' && c != ';' && c != '|';
}

static size_t EncodedLength(const char* text) {
  size_t length = 0;
  for (; *text != '\0'; text++) length += IsPlain((unsigned char)*text) ? 1 : 3;
  return length;
}

static void PrintEncoded(const char* text, size_t length) {
  for (size_t k = 0; k < length; k++) {
    const unsigned char c = (unsigned char)text[k];
    printf(IsPlain(c) ? "%c" : "%%%02x", c);
  }
}

static bool Holds(char** sorted, size_t count, const char* entry) {
  return count > 0 && bsearch(&entry, sorted, count, sizeof *sorted, ByText) != NULL;
}

// What the shell has made of the environment is undone: "drop" what it added or changed, "give" the
// rest. Returns how many are left out for their size.
static size_t PrintEnvironment(struct Entries given, struct Entries now) {
  char** sorted_given = Sorted(given);
  char** sorted_now = Sorted(now);
  fputs(";drop=", stdout);
  const char* comma = "";
  for (size_t k = 0; k < now.count; k++) {
    // "_" is set anew by some shells for each program they start.
    const bool again = strncmp(now.list[k], "_=", 2) == 0;
    if (!again && Holds(sorted_given, given.count, now.list[k])) continue;
    fputs(comma, stdout);
    PrintEncoded(now.list[k], NameLength(now.list[k]));
    comma = ",";
  }
  fputs(";give=", stdout);
  comma = "";
  size_t used = 0;
  size_t left = 0;
  for (size_t k = 0; k < given.count; k++) {
    const char* entry = given.list[k];
    const bool again = IsHidden(entry) || strncmp(entry, "_=", 2) == 0;
    if (!again && Holds(sorted_now, now.count, entry)) continue;
    used += EncodedLength(entry) + 1;
    if (used > kMaxEntries) {
      used -= EncodedLength(entry) + 1;
      left++;
      continue;
    }
    fputs(comma, stdout);
    PrintEncoded(entry, strlen(entry));
    comma = ",";
  }
  free(sorted_given);
  free(sorted_now);
  return left;
}

static void PrintLacks(const struct Lacks* lacks) {
  fputs(";lack=", stdout);
  if (lacks->limit) fputs("limit,", stdout);
  if (lacks->signals) fputs("signals,", stdout);
  if (lacks->descriptors) fputs("descriptors,", stdout);
  if (lacks->environment) fputs("environment,", stdout);
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fputs("usage: pagefault-launch SHELL_PID (run by bin/pagefault-analyzer)\n", stderr);
    return 2;
  }
  struct Entries now = {environ, 0};
  while (environ[now.count] != NULL) now.count++;
  struct Lacks lacks = {false, false, false, false};
  const struct Entries given = GivenEnvironment(argv[1], &lacks);
  for (size_t k = 0; k < now.count; k++) {
    if (strncmp(now.list[k], "NODE_", 5) != 0 || !IsName(now.list[k])) continue;
    printf("%.*s ", (int)NameLength(now.list[k]), now.list[k]);
  }
  fputs("|nofile=", stdout);
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    PrintLimit(limit.rlim_cur);
    putchar(':');
    PrintLimit(limit.rlim_max);
  } else {
    lacks.limit = true;
  }
  printf(";ignored=%llx;blocked=%llx;fds=", (unsigned long long)IgnoredSignals(),
         (unsigned long long)BlockedSignals(&lacks));
  PrintDescriptors(&lacks);
  const size_t left = PrintEnvironment(given, now);
  PrintLacks(&lacks);
  printf(";left=%zu", left);
  // A note that is cut off would be obeyed.
  return fflush(stdout) == 0 ? 0 : 1;
}
