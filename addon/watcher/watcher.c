// Ends COMMAND when the analyzer dies without having done so (SIGKILL, a crash). PR_SET_PDEATHSIG
// would not do: it belongs to the thread that forked, and a set-user-ID program clears it.
//
//   pagefault-watcher PID GROUP
//
// Descriptor 0 is the reading end of a pipe whose other end only the analyzer holds, 1 a pidfd of
// COMMAND. PID is COMMAND's; GROUP is 1 where it leads a process group that is to be ended with it.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { kAnalyzer = 0, kCommand = 1 };

// As the analyzer itself does it (src/cli/command-end.ts), ms.
static const int kTermPatience = 2000;

// Before Linux 5.9 there is no close_range; all of the analyzer's descriptors are close-on-exec
// anyway.
static void CloseOthers(void) {
#ifdef SYS_close_range
  if (syscall(SYS_close_range, 2U, ~0U, 0U) == 0) return;
#endif
  const long limit = sysconf(_SC_OPEN_MAX);
  for (int fd = 2; fd < (limit < 0 ? 1024 : limit); fd++) close(fd);
}

// COMMAND has ended, or does within the patience. False too where that cannot be found out.
static bool Ended(void) {
  struct pollfd command = {kCommand, POLLIN, 0};
  int n;
  do {
    n = poll(&command, 1, kTermPatience);
  } while (n < 0 && errno == EINTR);
  if (n >= 0) return n > 0;
  const struct timespec patience = {kTermPatience / 1000, 0};
  nanosleep(&patience, NULL);
  return false;
}

// The analyzer has ended, and COMMAND has not.
static bool IsNeeded(void) {
  struct pollfd fds[] = {{kAnalyzer, POLLIN, 0}, {kCommand, POLLIN, 0}};
  int n;
  do {
    n = poll(fds, 2, -1);
  } while (n < 0 && errno == EINTR);
  if (n >= 0) return fds[1].revents == 0;
  // Without memory for poll(2): nobody writes, so that reading ends with the analyzer. Of a COMMAND
  // that has ended before, the pidfd takes no signal.
  char byte;
  ssize_t got;
  do {
    got = read(kAnalyzer, &byte, 1);
  } while (got > 0 || (got < 0 && errno == EINTR));
  return true;
}

// While COMMAND lives its number is its own, as a process and as a group.
static void Send(int signal, pid_t pid, bool group) {
  if (syscall(SYS_pidfd_send_signal, kCommand, 0, NULL, 0) != 0 && errno == ESRCH) return;
  if (group) {
    kill(-pid, signal);
    return;
  }
  syscall(SYS_pidfd_send_signal, kCommand, signal, NULL, 0);
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const pid_t pid = atoi(argv[1]);
  const bool group = strcmp(argv[2], "1") == 0;
  if (pid <= 1) return 2;
  // The analyzer waits for the first process only; the one that watches is nobody's zombie.
  const pid_t watcher = fork();
  if (watcher != 0) return watcher > 0 ? 0 : 1;
  setsid();
  CloseOthers();
  // Nothing but the two descriptors ends it; SIGKILL does, and then COMMAND goes unwatched.
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  // A directory that is in use cannot be unmounted; failing leaves it in use, no more.
  if (chdir("/") != 0) errno = 0;

  if (!IsNeeded()) return 0;
  Send(SIGTERM, pid, group);
  if (!Ended()) Send(SIGKILL, pid, group);
  return 0;
}
