#include "capture/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/error.h"

namespace pagefault {

namespace {

// What posix_spawn(3) needs, freed whatever happens.
class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

}  // namespace

Fd StartWatcher(const std::string& file, pid_t pid, int pidfd, bool group) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw SystemError(errno, "pipe2", "");
  Fd reading(ends[0]);
  Fd writing(ends[1]);
  FileActions actions;
  // Both are above 2, where Node sees to it that something is open.
  int error = posix_spawn_file_actions_adddup2(actions.get(), reading.get(), 0);
  if (error == 0) error = posix_spawn_file_actions_adddup2(actions.get(), pidfd, 1);
  if (error != 0) throw SystemError(error, "posix_spawn_file_actions_adddup2", "");
  const std::string number = std::to_string(pid);
  const char* argv[] = {"pagefault-watcher", number.c_str(), group ? "1" : "0", nullptr};
  char* environment[] = {nullptr};
  pid_t starter;
  error = posix_spawn(&starter, file.c_str(), actions.get(), nullptr,
                      const_cast<char* const*>(argv), environment);
  if (error != 0) throw SystemError(error, "posix_spawn", file);
  int status;
  while (waitpid(starter, &status, 0) < 0) {
    if (errno != EINTR) throw SystemError(errno, "waitpid", file);
  }
  // It says nothing more than that its fork failed.
  if (status != 0) throw SystemError(EAGAIN, "fork", file);
  return writing;
}

}  // namespace pagefault
