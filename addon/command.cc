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

// Runs in the child of a process with many threads: async-signal-safe calls only.
[[noreturn]] void Child(int go, int result, const char* file, char* const* argv,
                        bool fixed_layout) {
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
  if (fixed_layout) personality(ADDR_NO_RANDOMIZE);
  char byte;
  ssize_t n;
  do {
    n = read(go, &byte, 1);
  } while (n < 0 && errno == EINTR);
  if (n != 1) _exit(127);
  execvp(file, argv);
  const int error = errno;
  n = write(result, &error, sizeof error);
  _exit(n == sizeof error ? 127 : 126);
}

}  // namespace

Command::Command(const std::string& file, const std::vector<std::string>& argv, bool fixed_layout) {
  int go[2];
  int result[2];
  if (pipe2(go, O_CLOEXEC) != 0) throw SystemError(errno, "pipe2", "");
  Fd go_read(go[0]);
  go_.Reset(go[1]);
  if (pipe2(result, O_CLOEXEC) != 0) throw SystemError(errno, "pipe2", "");
  result_.Reset(result[0]);
  Fd result_write(result[1]);

  std::vector<char*> pointers;
  for (const std::string& argument : argv) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);

  pid_ = fork();
  if (pid_ < 0) throw SystemError(errno, "fork", "");
  if (pid_ == 0) {
    close(go_.get());  // or the child would keep itself waiting when we are gone
    Child(go_read.get(), result_write.get(), file.c_str(), pointers.data(), fixed_layout);
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
  ssize_t n;
  do {
    n = write(go_.get(), "g", 1);
  } while (n < 0 && errno == EINTR);
  go_.Reset();
  int error = 0;
  do {
    n = read(result_.get(), &error, sizeof error);
  } while (n < 0 && errno == EINTR);
  result_.Reset();
  if (n != sizeof error) return;
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  status_ = 127 << 8;
  throw SystemError("EXEC_" + ErrnoName(error), error, "execvp", "");
}

bool Command::Reap() {
  if (status_ != -1) return true;
  std::lock_guard<std::mutex> lock(reaping_);
  if (status_ != -1) return true;
  int status;
  const pid_t found = waitpid(pid_, &status, WNOHANG);
  if (found == pid_) {
    status_ = status;
  } else if (found < 0 && errno == ECHILD) {
    status_ = 0;  // someone else collected it; its status is gone
  }
  return status_ != -1;
}

int Command::Kill(int signal) const {
  if (pid_ <= 0 || status_ != -1) return ESRCH;  // reaped: the number may be another's
#ifdef SYS_pidfd_send_signal
  // The other thread may reap it between the look and the kill; a pidfd cannot hit its successor.
  if (pidfd_.ok()) {
    return syscall(SYS_pidfd_send_signal, pidfd_.get(), signal, nullptr, 0) == 0 ? 0 : errno;
  }
#endif
  return kill(pid_, signal) == 0 ? 0 : errno;
}

}  // namespace pagefault
