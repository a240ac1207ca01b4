// What the real kernel refuses: events, descriptors, processes that are not there. Needs root.

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>

#include "capture/plan.h"
#include "live.h"
#include "util/error.h"

namespace pagefault {
namespace test {
namespace {

// For this process alone: a file of our own in the setting's place, in a mount namespace.
bool PretendParanoid(const char* value) {
  char path[] = "/tmp/pagefault-paranoid-XXXXXX";
  const Fd file(mkstemp(path));
  const ssize_t length = static_cast<ssize_t>(strlen(value));
  const bool done =
      file.ok() && fchmod(file.get(), 0644) == 0 &&
      write(file.get(), value, strlen(value)) == length && unshare(CLONE_NEWNS) == 0 &&
      mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
      mount(path, "/proc/sys/kernel/perf_event_paranoid", nullptr, MS_BIND, nullptr) == 0;
  unlink(path);
  return done;
}

// The code of what MakePlan throws in a process whose perf_event_open answers `error`, as on
// kernels that refuse it to ordinary users (perf_event_paranoid 3 of Debian) and in containers.
// The setting itself is not touched: other programs of the machine depend on it.
std::string CodeWhenRefused(int error, const char* paranoid, bool root) {
  int ends[2];
  if (pipe(ends) != 0) abort();
  const pid_t child = fork();
  if (child == 0) {
    sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_perf_event_open, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program = {4, code};
    if (!PretendParanoid(paranoid) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0 ||
        (!root && setresuid(65534, 65534, 65534) != 0)) {
      _exit(1);
    }
    std::string said = "nothing";
    Formats formats;
    std::vector<Notice> notices;
    std::vector<Fd> held;
    std::unique_ptr<BpfPrograms> programs;
    try {
      MakePlan({}, &formats, &notices, &held, &programs);
    } catch (const SystemError& failed) {
      said = failed.code() + " " + std::to_string(failed.error()) + " " + failed.call();
    }
    const ssize_t n = write(ends[1], said.data(), said.size());
    _exit(n == static_cast<ssize_t>(said.size()) ? 0 : 1);
  }
  close(ends[1]);
  char text[128];
  const ssize_t n = read(ends[0], text, sizeof text);
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return n > 0 ? std::string(text, static_cast<size_t>(n)) : "";
}

}  // namespace

TEST(live_refused_by_the_kernel) {
  // An ordinary user is refused with EACCES (perf_allow_kernel, kernel/events/core.c).
  CHECK(CodeWhenRefused(EACCES, "3", false) == "EPERM_PARANOID 13 perf_event_open");
  CHECK(CodeWhenRefused(EACCES, "2", false) == "EACCES 13 perf_event_open");
  // Root is not, and nobody with another errno: that is a filter (a container's).
  CHECK(CodeWhenRefused(EACCES, "3", true) == "SECCOMP 13 perf_event_open");
  CHECK(CodeWhenRefused(EPERM, "2", true) == "SECCOMP 1 perf_event_open");
  CHECK(CodeWhenRefused(ENOSYS, "2", false) == "SECCOMP 38 perf_event_open");
}

TEST(live_too_few_descriptors_for_each_thread) {
  // In a process of its own: a hard limit that was lowered can stay so.
  Toucher toucher(1);
  // ThreadSanitizer gives a process a thread of its own, which is there once the process has run.
  toucher.Touch();
  struct stat tasks;  // Of a directory of procfs: "." and ".." and one link per thread.
  CHECK_EQ(stat(("/proc/" + std::to_string(toucher.pid()) + "/task").c_str(), &tasks), 0);
  const std::string wide = "wide " + std::to_string(tasks.st_nlink - 2) + " WIDE_CAPTURE";
  int ends[2];
  CHECK_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    const int next = dup(0);
    close(next);
    const rlimit few = {static_cast<rlim_t>(next) + 80, static_cast<rlim_t>(next) + 80};
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct rights[2];
    bool done = setrlimit(RLIMIT_NOFILE, &few) == 0 && syscall(SYS_capget, &header, rights) == 0;
    rights[0].effective &= ~(1u << CAP_SYS_RESOURCE);
    done = done && syscall(SYS_capset, &header, rights) == 0;
    std::string said = "limit not set";
    if (done) {
      Watched capture(toucher.pid());
      said = (capture.events().wide() ? "wide " : "narrow ") +
             std::to_string(capture.poller().threads_now());
      for (const Notice& notice : capture.notices()) said += " " + notice.code;
    }
    _exit(write(ends[1], said.data(), said.size()) > 0 ? 0 : 1);
  }
  close(ends[1]);
  char text[256];
  const ssize_t n = read(ends[0], text, sizeof text);
  close(ends[0]);
  waitpid(child, nullptr, 0);
  CHECK(std::string(text, n > 0 ? static_cast<size_t>(n) : 0) == wide);
}

TEST(live_no_descriptors_are_left) {
  const auto open_descriptors = [] {
    const int probe = dup(0);
    close(probe);
    return probe;
  };
  Toucher toucher(10);
  const int before = open_descriptors();
  for (int i = 0; i < 20; i++) {
    Watched capture(toucher.pid(), 4);
    capture.Start();
  }
  CHECK_EQ(open_descriptors(), before);
}

TEST(live_no_such_process) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  for (pid_t pid : {child, 0, -1, 999999}) {
    std::string code;
    try {
      Watched capture(pid, 1);
    } catch (const SystemError& error) {
      code = error.code();
    }
    CHECK(code == "ESRCH");
  }
}

}  // namespace test
}  // namespace pagefault
