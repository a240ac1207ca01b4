#include "proc/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "proc/procfs_text.h"
#include "util/fd.h"

namespace pagefault {

namespace {
// A task that goes away answers ENOENT at open and ESRCH at read; so does one that is hidden.
int AsGone(pid_t pid, int error) {
  if (error != ENOENT && error != ESRCH) return error;
  return HasEnded(pid) ? ESRCH : ENOENT;
}

std::string ProcPath(pid_t pid, const char* file) {
  return "/proc/" + std::to_string(pid) + "/" + file;
}

// 0 or an errno: nothing is concluded from it here. Of a longer file the beginning.
int Load(const std::string& path, size_t max, std::string* text) {
  Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok()) return errno;
  text->resize(max);
  size_t length = 0;
  ssize_t n = 1;
  while (n > 0 && length < max) {
    n = read(fd.get(), &(*text)[length], max - length);
    if (n > 0) length += static_cast<size_t>(n);
  }
  const int error = errno;
  text->resize(length);
  return n < 0 ? error : 0;
}

int LoadOfThread(pid_t pid, pid_t tid, const char* file, size_t max, std::string* text) {
  const int trouble = ProcTrouble();
  if (trouble != 0) return trouble;
  return Load(ProcPath(pid, ("task/" + std::to_string(tid) + "/" + file).c_str()), max, text);
}

template <typename Out>
int LoadParsed(pid_t pid, const char* file, size_t max, bool (*parse)(const char* text, Out* out),
               Out* out) {
  const int trouble = ProcTrouble();
  if (trouble != 0) return trouble;
  std::string text;
  const int error = Load(ProcPath(pid, file), max, &text);
  if (error != 0) return error;
  return parse(text.c_str(), out) ? 0 : EIO;
}

constexpr size_t kMaxStat = 1024;

int LoadStat(pid_t pid, ProcessStat* out) {
  return LoadParsed(pid, "stat", kMaxStat, ParseStatText, out);
}

// State and parent come first. What is behind the groups, of which a task may have 65,536
// (setgroups(2)), takes the whole file.
constexpr size_t kStatusBeginning = 512;
constexpr size_t kWholeStatus = 1 << 20;

// As LoadStat, and waits for nobody.
int LoadStatus(pid_t pid, size_t max, TaskStatus* out) {
  return LoadParsed(pid, "status", max, ParseStatusText, out);
}

// It has memory, so that it is alive: statm takes less time than status. False where that is not
// known, for an end and a kernel thread.
bool HasMemory(pid_t pid) {
  std::string text;
  return ProcTrouble() == 0 && Load(ProcPath(pid, "statm"), 64, &text) == 0 && !text.empty() &&
         text[0] != '0';
}

bool IsDead(char state) {
  return state == 'Z' || state == 'X';
}

// Not ok where there are none (before Linux 5.3, no descriptor left, a seccomp filter).
Fd OpenPidfd(pid_t pid) {
#ifdef SYS_pidfd_open
  return Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
#else
  errno = ENOSYS;
  return Fd();
#endif
}

// Signal 0 to the process that it was opened for: 0 or an errno.
int SignalPidfd(int pidfd) {
#ifdef SYS_pidfd_send_signal
  return syscall(SYS_pidfd_send_signal, pidfd, 0, nullptr, 0) == 0 ? 0 : errno;
#else
  return ENOSYS;
#endif
}

// A pidfd is readable when the last thread of its process has ended. False where it cannot be
// asked.
bool PidfdSaysEnded(pid_t pid) {
  Fd fd = OpenPidfd(pid);
  if (!fd.ok()) return errno == ESRCH;
  pollfd wait = {fd.get(), POLLIN, 0};
  return poll(&wait, 1, 0) == 1 && (wait.revents & POLLIN) != 0;
}
}  // namespace

int ProcTrouble() {
  char self[32];
  const ssize_t n = readlink("/proc/self", self, sizeof self - 1);
  // ENOENT too where it is of a namespace that we are not part of.
  if (n < 0) return access("/proc/version", F_OK) == 0 ? EXDEV : errno;
  self[n] = '\0';
  return strtol(self, nullptr, 10) == getpid() ? 0 : EXDEV;
}

bool HasEnded(pid_t pid) {
  if (pid <= 0) return true;  // to kill(2) these are groups
  if (kill(pid, 0) != 0) return errno == ESRCH;
  if (PidfdSaysEnded(pid)) return true;
  TaskStatus status;
  if (LoadStatus(pid, kWholeStatus, &status) != 0) return false;
  // A first thread that has ended leaves the process alive while there are others.
  return status.threads <= 1 && (IsDead(status.state) || !status.memory);
}

int ListThreads(pid_t pid, std::vector<uint32_t>* out) {
  out->clear();
  const int trouble = ProcTrouble();
  if (trouble != 0) return AsGone(pid, trouble);
  DIR* dir = opendir(ProcPath(pid, "task").c_str());
  if (dir == nullptr) return AsGone(pid, errno);
  errno = 0;
  while (const dirent* entry = readdir(dir)) {
    const unsigned long tid = strtoul(entry->d_name, nullptr, 10);
    if (tid > 0) out->push_back(static_cast<uint32_t>(tid));
    errno = 0;
  }
  const int error = errno;
  closedir(dir);
  if (error != 0 || out->empty()) return AsGone(pid, error != 0 ? error : ESRCH);
  return 0;
}

int ReadStat(pid_t pid, ProcessStat* out) {
  const int error = LoadStat(pid, out);
  return error == 0 ? 0 : AsGone(pid, error);
}

ProcessIdentity::ProcessIdentity(pid_t pid) : pid_(pid), pidfd_(OpenPidfd(pid)) {
  ProcessStat stat;
  if (!pidfd_.ok() && LoadStat(pid, &stat) == 0) start_time_ = stat.start_time;
}

bool ProcessIdentity::IsReplaced() const {
  if (pidfd_.ok()) return SignalPidfd(pidfd_.get()) == ESRCH && kill(pid_, 0) == 0;
  ProcessStat stat;
  return start_time_ != 0 && LoadStat(pid_, &stat) == 0 && stat.start_time != start_time_;
}

std::vector<ProcessParent> ListProcesses() {
  std::vector<ProcessParent> found;
  DIR* dir = opendir("/proc");
  if (dir == nullptr) return found;
  while (const dirent* entry = readdir(dir)) {
    const auto pid = static_cast<pid_t>(strtol(entry->d_name, nullptr, 10));
    TaskStatus status;
    if (pid > 0 && LoadStatus(pid, kStatusBeginning, &status) == 0)
      found.push_back({static_cast<uint32_t>(pid), status.parent});
  }
  closedir(dir);
  return found;
}

bool ParentOf(pid_t pid, uint32_t* parent) {
  TaskStatus status;
  if (LoadStatus(pid, kStatusBeginning, &status) != 0) return false;
  *parent = status.parent;
  return true;
}

std::vector<pid_t> ProcessesNamed(const std::string& name) {
  std::vector<pid_t> found;
  for (const ProcessParent& process : ListProcesses()) {
    const auto pid = static_cast<pid_t>(process.pid);
    Fd fd(open(ProcPath(pid, "comm").c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.ok() || pid == getpid()) continue;
    char comm[64];
    const ssize_t n = read(fd.get(), comm, sizeof comm);
    // A newline ends it.
    if (n > 0 && name.compare(0, name.npos, comm, static_cast<size_t>(n - 1)) == 0)
      found.push_back(pid);
  }
  return found;
}

bool Gone(pid_t pid, pid_t tid) {
  if (syscall(SYS_tgkill, pid, tid, 0) != 0) return errno == ESRCH;
  if (tid != pid || HasMemory(pid)) return false;
  TaskStatus status;
  return LoadStatus(pid, kStatusBeginning, &status) == 0 ? IsDead(status.state)
                                                         : PidfdSaysEnded(pid);
}

char StateOf(pid_t pid, pid_t tid) {
  std::string text;
  TaskStatus status;
  if (LoadOfThread(pid, tid, "status", kStatusBeginning, &text) == 0)
    ParseStatusText(text.c_str(), &status);
  return status.state;
}

uint64_t CpuTimeOf(pid_t pid, pid_t tid) {
  std::string text;
  // What it ran comes first (proc_pid_schedstat, fs/proc/base.c).
  return LoadOfThread(pid, tid, "schedstat", 64, &text) == 0 ? strtoull(text.c_str(), nullptr, 10)
                                                             : 0;
}

uint64_t ResidentBytes(pid_t pid) {
  std::string text;
  if (ProcTrouble() != 0 || Load(ProcPath(pid, "statm"), 64, &text) != 0) return 0;
  unsigned long long pages = 0;
  if (sscanf(text.c_str(), "%*u %llu", &pages) != 1) return 0;
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

uint64_t StackPointerOf(pid_t pid, pid_t tid) {
  std::string text;
  return LoadOfThread(pid, tid, "syscall", 256, &text) == 0 ? StackPointerInText(text.c_str()) : 0;
}

bool InInitialPidNamespace() {
  constexpr ino_t kInitialNamespace = 0xEFFFFFFC;
  struct stat info;
  return stat("/proc/self/ns/pid", &info) == 0 && info.st_ino == kInitialNamespace;
}

bool RefusedBySeccomp(int error) {
  constexpr int kModeFilter = 2;  // include/uapi/linux/seccomp.h
  constexpr uint64_t kMaySample = uint64_t{1} << 38 | uint64_t{1}
                                                          << 21;  // CAP_PERFMON, CAP_SYS_ADMIN
  if (error != EPERM && error != EACCES && error != ENOSYS) return false;
  FILE* file = fopen("/proc/self/status", "re");
  if (file == nullptr) return false;
  int mode = 0;
  unsigned long long capabilities = 0;
  char line[256];
  while (fgets(line, sizeof line, file) != nullptr) {
    sscanf(line, "Seccomp: %d", &mode);
    sscanf(line, "CapEff: %llx", &capabilities);
  }
  fclose(file);
  // For want of rights the kernel answers EACCES (perf_allow_kernel), and never to who has them.
  return mode == kModeFilter && (error != EACCES || (capabilities & kMaySample) != 0);
}

int64_t OwnerOf(pid_t pid) {
  struct stat info;
  const std::string path = "/proc/" + std::to_string(pid);
  return stat(path.c_str(), &info) == 0 ? static_cast<int64_t>(info.st_uid) : -1;
}

}  // namespace pagefault
