#include "sandbox/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

namespace pagefault {
namespace sandbox {

namespace {

// A user of our own, also beside others like us: above all that is given to people, services
// and containers (systemd's table of UIDs has 1879048192 to 2147483647 for nobody), and process
// numbers stay below 2^22.
constexpr uid_t kFirstUser = 0x77000000;

bool Limit(int resource, rlim_t most) {
  struct rlimit limit;
  if (getrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0) return false;
  if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < most) most = limit.rlim_max;
  limit.rlim_cur = limit.rlim_max = most;
  return setrlimit(static_cast<__rlimit_resource_t>(resource), &limit) == 0;
}

bool LimitAll(const Limits& limits) {
  return Limit(RLIMIT_AS, limits.memory) &&
         (limits.cpu_seconds == 0 || Limit(RLIMIT_CPU, limits.cpu_seconds)) &&
         Limit(RLIMIT_NOFILE, limits.descriptors) && Limit(RLIMIT_CORE, 0) &&
         Limit(RLIMIT_FSIZE, 0) && Limit(RLIMIT_NPROC, 0) && Limit(RLIMIT_MEMLOCK, 0) &&
         Limit(RLIMIT_MSGQUEUE, 0);
}

// Without root there is no other user to become. EINVAL: nor in a user namespace that has no such
// user; all the rest holds there.
bool LeaveUser() {
  if (geteuid() != 0) return true;
  const uid_t user = kFirstUser + static_cast<uid_t>(getpid());
  if (setgroups(0, nullptr) != 0 && errno != EPERM) return false;
  if (setresgid(user, user, user) != 0 || setresuid(user, user, user) != 0) return errno == EINVAL;
  return true;
}

bool DropCapabilities() {
  struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2];
  memset(none, 0, sizeof none);
  return syscall(SYS_capset, &head, none) == 0;
}

}  // namespace

bool GiveUpEverything(const Limits& limits) {
  const pid_t parent = getppid();
  if (!LeaveUser() || !DropCapabilities() || !LimitAll(limits)) return false;
  // After the change of the user, which resets both.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0) return false;
  if (getppid() != parent) return false;
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && FilterSystemCalls();
}

}  // namespace sandbox
}  // namespace pagefault
