// How much memory may be locked, while programs and maps are loaded.
#pragma once

#include <sys/resource.h>

namespace pagefault {

// Before Linux 5.11 maps and programs count as locked memory of the user, whatever its capabilities
// (bpf_charge_memlock, kernel/bpf/syscall.c): the limit is raised while they are made, and back as
// it was before anybody can inherit it.
class LockLimitRaised {
 public:
  LockLimitRaised() {
    if (getrlimit(RLIMIT_MEMLOCK, &before_) != 0) return;
    const rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
    const rlimit most = {before_.rlim_max, before_.rlim_max};
    // Without CAP_SYS_RESOURCE up to the hard limit. Where that is too little loading says so.
    raised_ = setrlimit(RLIMIT_MEMLOCK, &none) == 0 || setrlimit(RLIMIT_MEMLOCK, &most) == 0;
  }
  ~LockLimitRaised() {
    // To what it was is always allowed.
    if (raised_) setrlimit(RLIMIT_MEMLOCK, &before_);
  }
  LockLimitRaised(const LockLimitRaised&) = delete;
  LockLimitRaised& operator=(const LockLimitRaised&) = delete;

 private:
  rlimit before_ = {};
  bool raised_ = false;
};

}  // namespace pagefault
