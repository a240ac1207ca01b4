#include "notes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../util/kernel_signal.h"

// Linux 6.3. Where vm.memfd_noexec is 2, the kernel refuses a memfd without it.
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U
#endif

// What could not be found out, so that COMMAND may get something else than it would have had.
struct Lacks {
  bool limit;
  bool signals;
  bool descriptors;
};

static uint64_t IgnoredSignals(void) {
  uint64_t ignored = 0;
  for (int signal = 1; signal <= kLastSignal; signal++)
    if (HandlerOf(signal) == SIG_IGN) ignored |= SignalBit(signal);
  return ignored;
}

static uint64_t BlockedSignals(struct Lacks* lacks) {
  uint64_t blocked = 0;
  if (syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &blocked, sizeof blocked) == 0) return blocked;
  lacks->signals = true;
  return 0;
}

static void PrintNumberOfLimit(FILE* out, rlim_t limit) {
  if (limit == RLIM_INFINITY)
    fputs("unlimited", out);
  else
    fprintf(out, "%llu", (unsigned long long)limit);
}

static void PrintLimit(FILE* out, struct Lacks* lacks) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    lacks->limit = true;
    return;
  }
  PrintNumberOfLimit(out, limit.rlim_cur);
  fputc(':', out);
  PrintNumberOfLimit(out, limit.rlim_max);
}

static int ByNumber(const void* a, const void* b) {
  const int x = *(const int*)a;
  const int y = *(const int*)b;
  return (x > y) - (x < y);
}

// Descriptors above 2 as ranges; none of them is ours but the directory's.
static void PrintDescriptors(FILE* out, struct Lacks* lacks) {
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
    fprintf(out, first == 0 ? "%d" : ",%d", fds[first]);
    if (next - first > 1) fprintf(out, "-%d", fds[next - 1]);
  }
  free(fds);
}

static void PrintLacks(FILE* out, const struct Lacks* lacks) {
  if (lacks->limit) fputs("limit,", out);
  if (lacks->signals) fputs("signals,", out);
  if (lacks->descriptors) fputs("descriptors,", out);
}

// Node would open /dev/null in the place of a closed one, and a write to nowhere would look like a
// success. To a directory it fails. False when that fails.
static bool FillClosed(bool closed[3]) {
  for (int fd = 0; fd <= 2; fd++) {
    closed[fd] = fcntl(fd, F_GETFD) < 0;
    // The lowest that is free.
    if (closed[fd] && open("/", O_RDONLY | O_DIRECTORY) != fd) return false;
  }
  return true;
}

static void PrintNotes(FILE* out, const bool closed[3]) {
  struct Lacks lacks = {false, false, false};
  fputs("nofile=", out);
  PrintLimit(out, &lacks);
  fprintf(out, ";ignored=%llx;blocked=%llx;closed=", (unsigned long long)IgnoredSignals(),
          (unsigned long long)BlockedSignals(&lacks));
  for (int fd = 0; fd <= 2; fd++)
    if (closed[fd]) fprintf(out, "%d,", fd);
  fputs(";fds=", out);
  PrintDescriptors(out, &lacks);
  fputs(";lack=", out);
  PrintLacks(out, &lacks);
  fputc('\n', out);
  for (char** entry = environ; *entry != NULL; entry++) fwrite(*entry, 1, strlen(*entry) + 1, out);
}

static int CreateMemfd(void) {
  const int fd = memfd_create("pagefault-launch", MFD_NOEXEC_SEAL);
  // Of an older kernel, for the flag.
  return fd < 0 && errno == EINVAL ? memfd_create("pagefault-launch", 0) : fd;
}

static bool WriteAll(int fd, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t n = write(fd, bytes, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes += n;
    size -= (size_t)n;
  }
  return true;
}

// The same where a file may be no larger than some limit, which counts for memfds too.
static bool WriteBeyondLimit(int fd, const char* bytes, size_t size) {
  // Beyond it comes a signal. Node ignores that as well, and COMMAND is given back what is noted.
  SetHandler(SIGXFSZ, SIG_IGN);
  const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
  struct rlimit given;
  if (getrlimit(RLIMIT_FSIZE, &given) != 0) return WriteAll(fd, bytes, size);
  const struct rlimit most = {given.rlim_max, given.rlim_max};
  if (setrlimit(RLIMIT_FSIZE, &none) != 0) setrlimit(RLIMIT_FSIZE, &most);
  const bool written = WriteAll(fd, bytes, size);
  const int error = errno;
  // Cannot fail: to lower a limit again is allowed to all.
  setrlimit(RLIMIT_FSIZE, &given);
  errno = error;
  return written;
}

int TakeNotes(const char** call) {
  bool closed[3];
  *call = "open of /";
  if (!FillClosed(closed)) return -1;
  char* text = NULL;
  size_t size = 0;
  *call = "open_memstream";
  FILE* out = open_memstream(&text, &size);
  if (out == NULL) return -1;
  PrintNotes(out, closed);
  // What did not find memory is said here at the latest.
  if (fclose(out) != 0) return -1;
  *call = "memfd_create";
  const int fd = CreateMemfd();
  if (fd < 0) return -1;
  *call = "write to a memfd";
  const bool written = WriteBeyondLimit(fd, text, size);
  free(text);
  return written && lseek(fd, 0, SEEK_SET) == 0 ? fd : -1;
}
