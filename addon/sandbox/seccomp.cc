// The list of system calls that are left, as classic BPF (seccomp(2)). All others, and those of
// another ABI, fail with EPERM: libraries that look around (for a configuration, a debug file)
// find nothing and go on.

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sandbox/sandbox.h"

namespace pagefault {
namespace sandbox {

namespace {

#if defined(__x86_64__)
constexpr uint32_t kArch = AUDIT_ARCH_X86_64;
constexpr uint32_t kForeignBit = 0x40000000;  // __X32_SYSCALL_BIT: the same arch, another ABI
#elif defined(__aarch64__)
constexpr uint32_t kArch = AUDIT_ARCH_AARCH64;
constexpr uint32_t kForeignBit = 0x80000000;
#else
#error "the sandbox needs a list of system calls for this processor"
#endif

constexpr uint32_t kAllowed[] = {
    SYS_read,   SYS_pread64, SYS_recvmsg,    SYS_sendmsg,      SYS_close,           SYS_lseek,
    SYS_munmap, SYS_mremap,  SYS_madvise,    SYS_brk,          SYS_clock_gettime,   SYS_getrandom,
    SYS_futex,  SYS_exit,    SYS_exit_group, SYS_rt_sigreturn, SYS_restart_syscall,
};

constexpr uint32_t Argument(size_t number) {
  // Little-endian: the low half comes first.
  return static_cast<uint32_t>(offsetof(struct seccomp_data, args) + number * sizeof(uint64_t));
}

struct sock_filter Load(uint32_t at) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at);
}
struct sock_filter Return(uint32_t value) {
  return BPF_STMT(BPF_RET | BPF_K, value);
}
struct sock_filter IfNot(uint16_t test, uint32_t value, uint8_t skip) {
  return BPF_JUMP(static_cast<uint16_t>(BPF_JMP | test | BPF_K), value, 0, skip);
}
struct sock_filter If(uint16_t test, uint32_t value, uint8_t skip) {
  return BPF_JUMP(static_cast<uint16_t>(BPF_JMP | test | BPF_K), value, skip, 0);
}

const struct sock_filter kAllow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
const struct sock_filter kDeny = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);

std::vector<struct sock_filter> Program() {
  std::vector<struct sock_filter> program = {
      Load(offsetof(struct seccomp_data, arch)), If(BPF_JEQ, kArch, 1),
      Return(SECCOMP_RET_KILL_PROCESS),          Load(offsetof(struct seccomp_data, nr)),
      IfNot(BPF_JSET, kForeignBit, 1),           kDeny,
  };
  for (const uint32_t number : kAllowed) {
    program.insert(program.end(), {IfNot(BPF_JEQ, number, 1), kAllow});
  }
  // Memory of no file, without code: to the allocator it is all that mmap and mprotect are for.
  program.insert(program.end(), {
                                    IfNot(BPF_JEQ, SYS_mmap, 6),
                                    Load(Argument(2)),
                                    If(BPF_JSET, PROT_EXEC, 3),
                                    Load(Argument(3)),
                                    IfNot(BPF_JSET, MAP_ANONYMOUS, 1),
                                    kAllow,
                                    kDeny,
                                    IfNot(BPF_JEQ, SYS_mprotect, 3),
                                    Load(Argument(2)),
                                    If(BPF_JSET, PROT_EXEC, 1),
                                    kAllow,
                                    kDeny,
                                });
  return program;
}

}  // namespace

bool FilterSystemCalls() {
  std::vector<struct sock_filter> list = Program();
  const struct sock_fprog program = {static_cast<unsigned short>(list.size()), list.data()};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace sandbox
}  // namespace pagefault
