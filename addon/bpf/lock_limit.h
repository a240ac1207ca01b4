// How much memory may be locked, while programs and maps are loaded.
#pragma once

#include <sys/resource.h>

namespace pagefault {

// Before Linux 5.11 maps and programs count as locked memory of the user, whatever its capabilities
// (bpf_charge_memlock, kernel/bpf/syscall.c): the limit is raised while they are made, by us or by
// libbpf, and back as it was before anybody can inherit it.
class LockLimitRaised {
 public:
  LockLimitRaised() {
    // Cannot fail: the limit exists and the memory is ours.
    getrlimit(RLIMIT_MEMLOCK, &before_);
    const rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
    const rlimit most = {before_.rlim_max, before_.rlim_max};
    // Without CAP_SYS_RESOURCE up to the hard limit. Where that is too little loading says so.
    if (setrlimit(RLIMIT_MEMLOCK, &none) != 0) setrlimit(RLIMIT_MEMLOCK, &most);
  }
  // To what it was is always allowed.
  ~LockLimitRaised() { setrlimit(RLIMIT_MEMLOCK, &before_); }
  LockLimitRaised(const LockLimitRaised&) = delete;
  LockLimitRaised& operator=(const LockLimitRaised&) = delete;

 private:
  rlimit before_ = {};
};

}  // namespace pagefault
