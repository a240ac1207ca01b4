// pagefault-reader [PROC]: reads for the analyzer what belongs to its targets.
//
// A file system of the target may never answer, and its mmap_lock may never be given back: whoever
// reads waits, and no signal ends that waiting (a FUSE request that its daemon has taken). So it is
// this process that waits. The analyzer gives it up after a time limit and starts another.
//
// Ends with its stdin. PROC is where procfs lies, for tests.

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "frame.h"
#include "operations.h"

namespace {

using pagefault::reader::Input;
using pagefault::reader::Output;
using pagefault::reader::Request;

// Nothing that we hold open may keep a file system of the target busy, or a pipe of COMMAND open.
void CloseOthers() {
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
  if (syscall(SYS_close_range, 3u, ~0u, 0u) == 0) return;
  // Before Linux 5.9.
  DIR* dir = opendir("/proc/self/fd");
  if (dir == nullptr) return;
  const int own = dirfd(dir);
  while (const dirent* entry = readdir(dir)) {
    const int fd = atoi(entry->d_name);
    if (fd > 2 && fd != own) close(fd);
  }
  closedir(dir);
}

void DefaultSignals() {
  for (int signal = 1; signal < NSIG; signal++) {
    struct sigaction action = {};
    action.sa_handler = SIG_DFL;
    // SIGKILL, SIGSTOP and the C library's own cannot be set: they are as they should be.
    sigaction(signal, &action, nullptr);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Of the analyzer, which started us, only what reads the rings has precedence over the target.
void DefaultPriority() {
  errno = 0;
  if (getpriority(PRIO_PROCESS, 0) < 0 && errno == 0) setpriority(PRIO_PROCESS, 0, 0);
}

void Limit(int resource, rlim_t most) {
  struct rlimit limit;
  if (getrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0) return;
  if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < most) most = limit.rlim_max;
  limit.rlim_cur = limit.rlim_max = most;
  setrlimit(static_cast<__rlimit_resource_t>(resource), &limit);
}

// Where our other programs are.
std::string OwnDirectory() {
  char path[PATH_MAX];
  const ssize_t n = readlink("/proc/self/exe", path, sizeof path);
  const std::string self(path, n > 0 ? static_cast<size_t>(n) : 0);
  return self.substr(0, self.rfind('/') == std::string::npos ? 0 : self.rfind('/'));
}

// For a request, or the end of the analyzer. What is kept for processes that have ended is let go
// of meanwhile. False where there is nothing to be waited for.
bool Wait(pagefault::reader::Context* context) {
  constexpr int kLookMs = 1000;
  for (;;) {
    context->kept.Prune(context->proc);
    pollfd request = {STDIN_FILENO, POLLIN, 0};
    const int n = poll(&request, 1, context->kept.empty() ? -1 : kLookMs);
    if (n > 0) return true;
    if (n < 0 && errno != EINTR) return false;
  }
}

}  // namespace

int main(int argc, char** argv) {
  CloseOthers();
  DefaultSignals();
  DefaultPriority();
  // Fails where we lead one already: that is what is wanted.
  setsid();
  // A directory of ours must not keep a file system from being unmounted.
  if (chdir("/") != 0) return 1;
  Limit(RLIMIT_AS, 512u << 20);
  Limit(RLIMIT_CORE, 0);

  pagefault::reader::Context context;
  context.proc = argc > 1 ? argv[1] : "/proc";
  context.symbols = pagefault::reader::SymbolFiles(OwnDirectory() + "/pagefault-symbols");
  Request request;
  Output answer;
  while (Wait(&context) && pagefault::reader::ReadRequest(STDIN_FILENO, &request)) {
    answer.Clear();
    Input input(request.payload.data(), request.payload.size());
    const int error = pagefault::reader::Answer(request.operation, &context, &input, &answer);
    if (!pagefault::reader::WriteAnswer(STDOUT_FILENO, request, error, answer.bytes())) break;
    // A large answer's memory is not kept for the small ones after it.
    if (answer.bytes().capacity() > (1u << 20)) answer = Output();
  }
  return 0;
}
