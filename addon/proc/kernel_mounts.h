// Device numbers of file systems that the kernel mounts for itself: no mountinfo lists them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace pagefault {

struct KernelMount {
  dev_t device;
  // 0 for the tmpfs behind memfd, System V segments and shared anonymous memory; else it is a
  // hugetlbfs with pages of so many KiB.
  uint64_t huge_page_kib;
};

// What can be found out: a kernel without tmpfs, hugetlbfs or memfd_create, or a filter that
// refuses it, leaves its mounts out.
std::vector<KernelMount> KernelMounts();

}  // namespace pagefault
