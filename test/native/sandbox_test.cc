// What a process may still do that reads what strangers have written.

#include "sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/openat2.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "check.h"

namespace pagefault {
namespace test {
namespace {

// Sanitizers reserve more addresses than any limit of memory would leave.
constexpr sandbox::Limits kLimits = {~uint64_t{0} >> 1, 0, 64};

constexpr int kNotConfined = 99;

// How a child ends that has given up everything and then does something; as wait(2) has it.
int EndOf(const std::function<int()>& act) {
  const pid_t child = fork();
  if (child == 0) {
    const int code = sandbox::GiveUpEverything(kLimits) ? act() : kNotConfined;
    syscall(SYS_exit_group, code);
  }
  int status = 0;
  CHECK_EQ(waitpid(child, &status, 0), child);
  return status;
}

// 0 where the system call is refused as one that is not on the list.
int Refused(long result) {
  return result == -1 && errno == EPERM ? 0 : 1;
}

}  // namespace

TEST(sandbox_refuses_all_that_reaches_beyond_the_process) {
  const int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  CHECK(zero >= 0);
  static const char kPath[] = "/etc/passwd";
  struct open_how how = {};
  const long none = 0;
  const struct {
    const char* name;
    std::function<long()> act;
  } calls[] = {
    {"open", [] { return syscall(SYS_openat, AT_FDCWD, kPath, O_RDONLY, 0); }},
    {"openat2", [&] { return syscall(SYS_openat2, AT_FDCWD, kPath, &how, sizeof how); }},
    {"stat", [] { return syscall(SYS_newfstatat, AT_FDCWD, kPath, nullptr, 0); }},
    {"unlink", [] { return syscall(SYS_unlinkat, AT_FDCWD, "/tmp/none", 0); }},
    {"socket", [] { return syscall(SYS_socket, AF_INET, SOCK_STREAM, 0); }},
    {"connect", [=] { return syscall(SYS_connect, zero, nullptr, 0); }},
    {"clone", [] { return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }},
    {"execve", [] { return syscall(SYS_execve, "/bin/true", nullptr, nullptr); }},
    {"kill", [] { return syscall(SYS_kill, getppid(), SIGTERM); }},
    {"ptrace", [] { return syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0); }},
    {"process_vm_readv",
     [&] { return syscall(SYS_process_vm_readv, getppid(), none, 0, none, 0, 0); }},
    {"unshare", [] { return syscall(SYS_unshare, CLONE_NEWUSER); }},
    {"prctl", [] { return syscall(SYS_prctl, 0, 0, 0, 0, 0); }},
    {"setuid", [] { return syscall(SYS_setuid, 0); }},
    {"bpf", [] { return syscall(SYS_bpf, BPF_PROG_LOAD, nullptr, 0); }},
    {"perf_event_open", [] { return syscall(SYS_perf_event_open, nullptr, 0, -1, -1, 0); }},
    {"io_uring_setup", [] { return syscall(SYS_io_uring_setup, 1, nullptr); }},
    {"memfd_create", [] { return syscall(SYS_memfd_create, "x", 0); }},
    {"ioctl", [=] { return syscall(SYS_ioctl, zero, 0, 0); }},
    {"dup", [=] { return syscall(SYS_dup, zero); }},
    {"map code", [] { return syscall(SYS_mmap, 0, 4096, PROT_EXEC, 0x22, -1, 0); }},
    {"map a file", [=] { return syscall(SYS_mmap, 0, 4096, PROT_READ, MAP_PRIVATE, zero, 0); }},
    {"make code", [] { return syscall(SYS_mprotect, 0, 0, PROT_READ | PROT_EXEC); }},
#if defined(__x86_64__)
    {"read of another ABI", [=] { return syscall(SYS_read | 0x40000000, zero, nullptr, 0); }},
#endif
  };
  for (const auto& call : calls) {
    const int status = EndOf([&] { return Refused(call.act()); });
    const bool refused = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!refused) Fail(__FILE__, __LINE__, std::string(call.name) + ": " + std::to_string(status));
  }
  close(zero);
}

TEST(sandbox_leaves_what_reading_and_answering_take) {
  const int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  const int status = EndOf([zero] {
    char byte = 1;
    const long read = syscall(SYS_read, zero, &byte, 1);
    const long memory =
        syscall(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return read == 1 && byte == 0 && memory > 0 ? 0 : 1;
  });
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  close(zero);
}

#if defined(__x86_64__)
TEST(sandbox_ends_who_calls_as_a_32_bit_program) {
  const int status = EndOf([] {
    long result = 20;  // getpid
    __asm__ volatile("int $0x80" : "+a"(result) : : "memory");
    return 0;
  });
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}
#endif

}  // namespace test
}  // namespace pagefault
