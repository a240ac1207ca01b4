// A command's life: held, released, collected, killed; from two threads at once.

#include "capture/command.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "check.h"
#include "util/error.h"

namespace pagefault {
namespace test {
namespace {

CommandSpec Spec(const std::vector<std::string>& argv, bool fixed_layout = false) {
  CommandSpec spec;
  spec.file = argv[0];
  spec.argv = argv;
  spec.fixed_layout = fixed_layout;
  return spec;
}

bool Exists(pid_t pid) {
  return kill(pid, 0) == 0;
}

// The status once the command has ended; -1 after 10 s.
int Await(Command& command) {
  for (int i = 0; i < 10000 && !command.Reap(); i++) usleep(1000);
  return command.status();
}

}  // namespace

TEST(command_waits_until_it_is_released) {
  int ends[2];
  CHECK_EQ(pipe(ends), 0);
  const std::string script = "echo $0 $1 >&" + std::to_string(ends[1]);
  Command command(Spec({"sh", "-c", script, "one", "two"}));
  CHECK_EQ(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
  char text[64];
  usleep(50000);
  CHECK_EQ(read(ends[0], text, sizeof text), -1);
  CHECK_EQ(command.status(), -1);
  command.Release();
  CHECK_EQ(Await(command), 0);
  const ssize_t n = read(ends[0], text, sizeof text);
  CHECK(n > 0 && std::string(text, static_cast<size_t>(n)) == "one two\n");
  close(ends[0]);
  close(ends[1]);
}

TEST(command_not_released_leaves_nothing) {
  pid_t pid;
  {
    Command command(Spec({"sleep", "60"}));
    pid = command.pid();
    CHECK(Exists(pid));
  }
  CHECK(!Exists(pid));
}

TEST(command_that_cannot_be_told_to_start_is_an_error) {
  const auto before = signal(SIGPIPE, SIG_IGN);  // as Node has it
  pid_t pid;
  int error = 0;
  {
    Command command(Spec({"sleep", "60"}));
    pid = command.pid();
    CHECK_EQ(kill(pid, SIGKILL), 0);
    siginfo_t info;
    CHECK_EQ(waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
    try {
      command.Release();
    } catch (const SystemError& failed) {
      error = failed.error();
    }
  }
  CHECK_EQ(error, EPIPE);
  CHECK(!Exists(pid));
  signal(SIGPIPE, before);
}

TEST(command_that_cannot_be_executed) {
  const struct {
    const char* file;
    const char* code;
    int error;
  } cases[] = {{"no-such-program-anywhere", "EXEC_ENOENT", ENOENT},
               {"/no/such/program", "EXEC_ENOENT", ENOENT},
               {"/etc/passwd", "EXEC_EACCES", EACCES},
               {"/", "EXEC_EACCES", EACCES}};
  for (const auto& one : cases) {
    Command command(Spec({one.file}));
    const pid_t pid = command.pid();
    std::string code;
    int error = 0;
    try {
      command.Release();
    } catch (const SystemError& failed) {
      code = failed.code();
      error = failed.error();
    }
    CHECK(code == one.code);
    CHECK_EQ(error, one.error);
    CHECK(!Exists(pid));
  }
}

TEST(command_status_is_that_of_wait) {
  const struct {
    const char* script;
    int status;
  } cases[] = {{"exit 0", 0}, {"exit 7", 7 << 8}, {"kill -9 $$", SIGKILL}};
  for (const auto& one : cases) {
    Command command(Spec({"sh", "-c", one.script}));
    command.Release();
    CHECK_EQ(Await(command), one.status);
    CHECK_EQ(command.Kill(SIGTERM), ESRCH);
  }
}

TEST(command_is_collected_by_two_threads_at_once) {
  // The second to wait finds no child: it must not take the status for lost.
  int wrong = 0;
  for (int i = 0; i < 150; i++) {
    Command command(Spec({"sh", "-c", "exit 7"}));
    command.Release();
    const auto collect = [&command] {
      // Both are woken when it has ended, and come at the same time.
      siginfo_t ended;
      waitid(P_PID, static_cast<id_t>(command.pid()), &ended, WEXITED | WNOWAIT);
      while (!command.Reap()) {
      }
      return command.status() == 7 << 8;
    };
    bool right = false;
    std::thread other([&] { right = collect(); });
    if (!collect()) wrong++;
    other.join();
    if (!right) wrong++;
  }
  CHECK_EQ(wrong, 0);
}

TEST(command_is_killed) {
  Command command(Spec({"sleep", "60"}));
  command.Release();
  CHECK(!command.Reap());
  CHECK_EQ(command.Kill(SIGTERM), 0);
  CHECK_EQ(Await(command), SIGTERM);
}

TEST(command_is_left_alone_once_it_runs) {
  pid_t pid;
  {
    Command command(Spec({"sleep", "60"}));
    command.Release();
    pid = command.pid();
  }
  CHECK(Exists(pid));
  kill(pid, SIGKILL);
  CHECK_EQ(waitpid(pid, nullptr, 0), pid);
}

TEST(command_output_in_a_pipe) {
  CommandSpec spec = Spec({"sh", "-c", "cat; echo out; echo err >&2; sleep 60 & wait"});
  spec.capture_output = true;
  Command command(spec);
  const Fd output(command.TakeOutput());
  CHECK_EQ(command.TakeOutput(), -1);
  char text[64];
  CHECK(read(output.get(), text, sizeof text) < 0 && errno == EAGAIN);
  command.Release();
  std::string seen;
  for (int i = 0; i < 5000 && seen.size() < 8; i++) {
    const ssize_t n = read(output.get(), text, sizeof text);
    if (n > 0) seen.append(text, static_cast<size_t>(n));
    usleep(1000);
  }
  CHECK(seen == "out\nerr\n");  // cat found the end of /dev/null at once
  // A signal goes to all of its group: the pipe ends with the last of them.
  CHECK_EQ(command.Kill(SIGTERM), 0);
  CHECK_EQ(Await(command), SIGTERM);
  ssize_t n = -1;
  for (int i = 0; i < 5000 && n != 0; i++) {
    n = read(output.get(), text, sizeof text);
    usleep(1000);
  }
  CHECK_EQ(n, 0);
}

TEST(command_fixed_layout) {
  // The personality shows in /proc: ADDR_NO_RANDOMIZE is 0x0040000.
  const unsigned own = static_cast<unsigned>(personality(0xffffffff));
  for (const bool fixed : {false, true}) {
    char script[64];
    snprintf(script, sizeof script, "grep -q ^%08x /proc/self/personality",
             fixed ? own | ADDR_NO_RANDOMIZE : own);
    Command command(Spec({"sh", "-c", script}, fixed));
    command.Release();
    CHECK_EQ(Await(command), 0);
  }
}

TEST(command_inherits_no_signal_settings) {
  struct sigaction ignore = {}, before;
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &before);
  sigset_t blocked, old;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &blocked, &old);
  // grep itself: a shell sets the mask back.
  for (const char* pattern : {"^SigBlk:\\s*0*$", "^SigIgn:\\s*0*$"}) {
    Command command(Spec({"grep", "-q", pattern, "/proc/self/status"}));
    command.Release();
    CHECK_EQ(Await(command), 0);
  }
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  sigaction(SIGPIPE, &before, nullptr);
}

}  // namespace test
}  // namespace pagefault
