#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"

namespace pagefault {

namespace {

// Puts the pipe behind stdout and stderr, and nothing behind stdin. False when that fails.
bool RedirectOutput(int pipe) {
  const int null = open("/dev/null", O_RDONLY);
  return null >= 0 && dup2(null, 0) == 0 && dup2(pipe, 1) == 1 && dup2(pipe, 2) == 2 &&
         (null <= 2 || close(null) == 0);
}

// What the child says; as read(2).
ssize_t ReadNumber(int fd, int* out) {
  ssize_t n;
  do {
    n = read(fd, out, sizeof *out);
  } while (n < 0 && errno == EINTR);
  return n;
}

// Runs in the child of a process with many threads: async-signal-safe calls only.
[[noreturn]] void Child(int go, int result, int output, const CommandSpec& spec,
                        char* const* argv) {
  // Node ignores SIGPIPE and blocks nothing that a program should inherit; both are set back.
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  for (int signal = 1; signal < 32; signal++) sigaction(signal, &action, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  // Node marks its own stdin, stdout and stderr close-on-exec.
  for (int fd = 0; fd <= 2; fd++) {
    const int flags = fcntl(fd, F_GETFD);
    if (flags >= 0) fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC);
  }
  if (output >= 0 && (setsid() < 0 || !RedirectOutput(output))) _exit(127);
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

  std::vector<char*> pointers;
  for (const std::string& argument : spec.argv)
    pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);

  pid_ = fork();
  if (pid_ < 0) throw SystemError(errno, "fork", "");
  if (pid_ == 0) {
    close(go_.get());  // or the child would keep itself waiting when we are gone
    Child(go_read.get(), result_write.get(), output_write.get(), spec, pointers.data());
  }
#ifdef SYS_pidfd_open
  pidfd_.Reset(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
#endif
}

Command::~Command() {
  if (pid_ <= 0 || released_) return;
  go_.Reset();  // the child reads end of file and leaves
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Command::Release() {
  released_ = true;
  // It says when it waits. One that has died instead is found out below.
  int number = 0;
  ssize_t n = ReadNumber(result_.get(), &number);
  if (n == sizeof number) before_known_ = ReadStat(pid_, &before_) == 0;
  do {
    n = write(go_.get(), "g", 1);
  } while (n < 0 && errno == EINTR);
  go_.Reset();
  n = ReadNumber(result_.get(), &number);
  result_.Reset();
  if (n != sizeof number) return;
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  status_ = 127 << 8;
  throw SystemError("EXEC_" + ErrnoName(number), number, "execvp", "");
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
  const pid_t found = waitpid(pid_, &status, WNOHANG);
  if (found == pid_) {
    status_ = status;
  } else if (found < 0 && errno == ECHILD) {
    status_ = 0;  // someone else collected it; its status is gone
  }
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
