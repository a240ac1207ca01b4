#include "procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "fd.h"

namespace pagefault {

namespace {
constexpr uint32_t kPfExiting = 0x4;  // include/linux/sched.h

// A task that goes away between open and read answers ESRCH where its directory is ENOENT later.
int AsGone(int error) {
  return error == ENOENT ? ESRCH : error;
}
}  // namespace

int ListThreads(pid_t pid, std::vector<uint32_t>* out) {
  out->clear();
  const std::string path = "/proc/" + std::to_string(pid) + "/task";
  DIR* dir = opendir(path.c_str());
  if (dir == nullptr) return AsGone(errno);
  errno = 0;
  while (const dirent* entry = readdir(dir)) {
    const unsigned long tid = strtoul(entry->d_name, nullptr, 10);
    if (tid > 0) out->push_back(static_cast<uint32_t>(tid));
    errno = 0;
  }
  const int error = errno;
  closedir(dir);
  if (error != 0) return AsGone(error);
  return out->empty() ? ESRCH : 0;
}

int ReadStat(pid_t pid, ProcessStat* out) {
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok()) return AsGone(errno);
  char buffer[1024];
  const ssize_t n = read(fd.get(), buffer, sizeof buffer - 1);
  if (n < 0) return AsGone(errno);
  buffer[n] = '\0';
  // The name in parentheses may hold anything, parentheses too: the last one ends it.
  const char* at = strrchr(buffer, ')');
  if (at == nullptr) return EIO;
  char state;
  unsigned long flags;
  unsigned long long start;
  // state(3) ppid pgrp session tty tpgid flags(9) ... starttime(22)
  const int found =
      sscanf(at + 1,
             " %c %*d %*d %*d %*d %*d %lu %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
             "%*d %llu",
             &state, &flags, &start);
  if (found != 3) return EIO;
  out->state = state;
  out->flags = static_cast<uint32_t>(flags);
  out->start_time = start;
  return 0;
}

bool Lives(pid_t pid) {
  ProcessStat stat;
  return ReadStat(pid, &stat) == 0 && stat.state != 'Z' && stat.state != 'X' &&
         (stat.flags & kPfExiting) == 0;
}

bool Gone(pid_t pid, pid_t tid) {
  if (syscall(SYS_tgkill, pid, tid, 0) != 0) return errno == ESRCH;
  return tid == pid && !Lives(pid);
}

uint64_t StackPointerOf(pid_t pid, pid_t tid) {
  const std::string path =
      "/proc/" + std::to_string(pid) + "/task/" + std::to_string(tid) + "/syscall";
  Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok()) return 0;
  char buffer[256];
  const ssize_t n = read(fd.get(), buffer, sizeof buffer - 1);
  if (n <= 0) return 0;
  buffer[n] = '\0';
  // "running", or the call's number and arguments, then stack pointer and program counter; of a
  // thread that sleeps outside of a call "-1" and these two.
  char* last = strrchr(buffer, ' ');
  if (last == nullptr) return 0;
  *last = '\0';
  const char* at = strrchr(buffer, ' ');
  return at == nullptr ? 0 : strtoull(at, nullptr, 16);
}

bool InInitialPidNamespace() {
  constexpr ino_t kInitialNamespace = 0xEFFFFFFC;
  struct stat info;
  return stat("/proc/self/ns/pid", &info) == 0 && info.st_ino == kInitialNamespace;
}

int64_t OwnerOf(pid_t pid) {
  struct stat info;
  const std::string path = "/proc/" + std::to_string(pid);
  return stat(path.c_str(), &info) == 0 ? static_cast<int64_t>(info.st_uid) : -1;
}

}  // namespace pagefault
