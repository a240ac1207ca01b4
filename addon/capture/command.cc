#include "capture/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "capture/watch.h"
#include "util/error.h"
#include "util/kernel_signal.h"

extern char** environ;

namespace pagefault {

namespace {

// Puts the pipe behind stdout and stderr, and nothing behind stdin. False when that fails.
bool RedirectOutput(int pipe) {
  const int null = open("/dev/null", O_RDONLY);
  return null >= 0 && dup2(null, 0) == 0 && dup2(pipe, 1) == 1 && dup2(pipe, 2) == 2 &&
         (null <= 2 || close(null) == 0);
}

// Beyond it a COMMAND whose file system does not answer would keep us from all else.
constexpr int kStartPatience = 1000;  // ms
// The event loop, which answers signals, waits as well: one of them may want us to end. An exec
// that is only slow for a machine under load is over by then.
constexpr int kSignalPatience = 50;  // ms

uint64_t NsOf(const timeval& time) {
  return (static_cast<uint64_t>(time.tv_sec) * 1'000'000 + static_cast<uint64_t>(time.tv_usec)) *
         1000;
}

// Something to read comes within so many ms; after a signal little of that is left.
bool Comes(int fd, int ms) {
  pollfd wait = {fd, POLLIN, 0};
  for (;;) {
    const int n = poll(&wait, 1, ms);
    if (n >= 0 || errno != EINTR) return n != 0;
    ms = std::min(ms / 2, kSignalPatience);  // comes to an end, however many there are
  }
}

// What the child says; as read(2).
ssize_t ReadNumber(int fd, int* out) {
  ssize_t n;
  do {
    n = read(fd, out, sizeof *out);
  } while (n < 0 && errno == EINTR);
  return n;
}

// Of entries that each end with a zero byte, as the string itself does.
std::vector<char*> Entries(const std::string& environment) {
  std::vector<char*> entries;
  for (size_t at = 0; at < environment.size(); at += strlen(&environment[at]) + 1)
    entries.push_back(const_cast<char*>(&environment[at]));
  entries.push_back(nullptr);
  return entries;
}

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& string : strings) pointers.push_back(const_cast<char*>(string.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Async-signal-safe. A descriptor that is not open any more is nothing to pass on.
void PassOn(int fd) {
  const int flags = fcntl(fd, F_GETFD);
  if (flags >= 0) fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC);
}

// Async-signal-safe.
void Restore(const Inheritance& inherit) {
  for (int signal = 1; signal <= kLastSignal; signal++)
    SetHandler(signal, (inherit.ignored & SignalBit(signal)) != 0 ? SIG_IGN : SIG_DFL);
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &inherit.blocked, nullptr, sizeof inherit.blocked);
  for (int fd = 0; fd <= 2; fd++) PassOn(fd);
  for (const auto& [first, last] : inherit.descriptors)
    for (int fd = first; fd <= last; fd++) PassOn(fd);
  for (int fd : inherit.closed) close(fd);
  // Lowering is always allowed, and the hard limit has only ever been lowered since.
  if (inherit.limited) setrlimit(RLIMIT_NOFILE, &inherit.nofile);
}

// Runs in the child of a process with many threads: async-signal-safe calls only.
[[noreturn]] void Child(int go, int result, int output, const CommandSpec& spec, char* const* argv,
                        char** environment) {
  Restore(spec.inherit);
  if (output >= 0 && (setsid() < 0 || !RedirectOutput(output))) _exit(127);
  if (spec.stdout_to_stderr && dup2(2, 1) < 0) _exit(127);
  if (spec.fixed_layout) personality(ADDR_NO_RANDOMIZE);
  // Touches what the exec below will touch: what it faults in counts before its accounts are read.
  execvp("", argv);
  const int ready = 0;
  ssize_t n = write(result, &ready, sizeof ready);
  if (n != sizeof ready) _exit(127);
  char byte;
  do {
    n = read(go, &byte, 1);
  } while (n < 0 && errno == EINTR);
  if (n != 1) _exit(127);
  environ = environment;
  execvp(spec.file.c_str(), argv);
  const int error = errno;
  n = write(result, &error, sizeof error);
  _exit(n == sizeof error ? 127 : 126);
}

}  // namespace

Command::Command(const CommandSpec& spec) : leads_group_(spec.capture_output) {
  int go[2];
  int result[2];
  if (pipe2(go, O_CLOEXEC) != 0) throw SystemError(errno, "pipe2", "");
  Fd go_read(go[0]);
  go_.Reset(go[1]);
  if (pipe2(result, O_CLOEXEC) != 0) throw SystemError(errno, "pipe2", "");
  result_.Reset(result[0]);
  Fd result_write(result[1]);

  Fd output_write;
  if (spec.capture_output) {
    int output[2];
    if (pipe2(output, O_CLOEXEC) != 0) throw SystemError(errno, "pipe2", "");
    output_.Reset(output[0]);
    output_write.Reset(output[1]);
    fcntl(output[0], F_SETFL, O_NONBLOCK);
  }

  const std::vector<char*> arguments = Pointers(spec.argv);
  std::vector<char*> given;
  if (spec.inherit.environment.has_value()) given = Entries(*spec.inherit.environment);

  pid_ = fork();
  if (pid_ < 0) throw SystemError(errno, "fork", "");
  if (pid_ == 0) {
    close(go_.get());  // or the child would keep itself waiting when we are gone
    Child(go_read.get(), result_write.get(), output_write.get(), spec, arguments.data(),
          given.empty() ? environ : given.data());
  }
#ifdef SYS_pidfd_open
  pidfd_.Reset(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
#endif
  // Without a pidfd (before Linux 5.3) the number could be another's by the time it is needed.
  if (spec.watcher.empty() || !pidfd_.ok()) return;
  try {
    watched_ = StartWatcher(spec.watcher, pid_, pidfd_.get(), leads_group_);
  } catch (...) {
    EndUnreleased();
    throw;
  }
}

void Command::EndUnreleased() {
  kill(pid_, SIGKILL);  // it may have been stopped meanwhile
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Command::~Command() {
  if (pid_ <= 0 || released_ || status_ != -1) return;
  EndUnreleased();
}

bool Command::Release() {
  // It says when it waits. One that has died instead is found out below.
  int number = 0;
  ssize_t n = ReadNumber(result_.get(), &number);
  if (n == sizeof number) before_known_ = ReadStat(pid_, &before_) == 0;
  do {
    n = write(go_.get(), "g", 1);
  } while (n < 0 && errno == EINTR);
  if (n != 1) throw SystemError(errno, "write", "COMMAND could not be told to start");
  go_.Reset();
  if (!Comes(result_.get(), kStartPatience)) {
    released_ = true;
    awaited_ = true;
    return false;
  }
  n = ReadNumber(result_.get(), &number);
  if (n < 0) throw SystemError(errno, "read", "whether COMMAND has started is not known");
  result_.Reset();
  if (n != sizeof number) {
    released_ = true;
    return true;
  }
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  status_ = 127 << 8;
  throw SystemError("EXEC_" + ErrnoName(number), number, "execvp", "");
}

bool Command::IsGone() const {
  pollfd wait = {pidfd_.get(), POLLIN, 0};
  // Without a pidfd nobody else can tell.
  return !pidfd_.ok() || poll(&wait, 1, 0) > 0;
}

void Command::LookForOutcome() {
  if (!awaited_ || !Comes(result_.get(), 0)) return;
  int number = 0;
  // Nothing: it runs, or was killed before.
  if (ReadNumber(result_.get(), &number) == sizeof number) exec_error_ = number;
  awaited_ = false;
  result_.Reset();
}

bool Command::Reap() {
  if (status_ != -1) return true;
  std::lock_guard<std::mutex> lock(reaping_);
  if (status_ != -1) return true;
  // A last look at its accounts, which are gone with the zombie.
  siginfo_t ended = {};
  if (waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT) == 0) {
    if (ended.si_pid == 0) return false;
    end_known_ = ReadStat(pid_, &end_) == 0;
  }
  int status;
  rusage used;
  const pid_t found = wait4(pid_, &status, WNOHANG, &used);
  if (found == pid_) {
    cpu_ns_ = NsOf(used.ru_utime) + NsOf(used.ru_stime);
    status_ = status;
  } else if (found < 0 && errno == ECHILD && IsGone()) {
    status_ = 0;  // someone else collected it; its status is gone
  }
  // An exec that fails ends it.
  LookForOutcome();
  return status_ != -1;
}

bool Command::FaultsBefore(ProcessStat* out) const {
  *out = before_;
  return before_known_;
}

bool Command::FaultsAtEnd(ProcessStat* out) {
  std::lock_guard<std::mutex> lock(reaping_);
  *out = end_;
  return end_known_;
}

int Command::Kill(int signal) {
  // Nobody reaps it meanwhile: a zombie keeps its number, as a process and as a group. Once it has
  // been reaped the number may be another's.
  std::lock_guard<std::mutex> lock(reaping_);
  if (pid_ <= 0 || status_ != -1) return ESRCH;
  return kill(leads_group_ ? -pid_ : pid_, signal) == 0 ? 0 : errno;
}

}  // namespace pagefault
