#include "capture/priority.h"

#include <sys/resource.h>

#include <cerrno>

namespace pagefault {

namespace {

// Nine times the weight of a task of the default (sched_prio_to_weight, kernel/sched/core.c). What
// is not used of it is not taken from anybody.
constexpr int kRaised = -10;

}  // namespace

void RaisePriority() {
  // On Linux the priority is a thread's (setpriority(2), C library/kernel differences).
  errno = 0;
  if (getpriority(PRIO_PROCESS, 0) != 0 || errno != 0) return;
  // EACCES, EPERM: without CAP_SYS_NICE it stays as it is.
  setpriority(PRIO_PROCESS, 0, kRaised);
}

}  // namespace pagefault
