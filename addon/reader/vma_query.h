// One mapping by address: the ioctl PROCMAP_QUERY on an open /proc/PID/maps (Linux 6.11).
#pragma once

#include <cstdint>
#include <string>

namespace pagefault {

struct VmaAnswer {
  uint64_t start, end, flags, offset, ino;
  uint32_t dev_major, dev_minor;
  std::string name;
};

// Returns 0, ENOENT when nothing is mapped at the address, ENOTTY where the kernel has no such
// call, ESRCH when the process is gone, ENAMETOOLONG for a name that is wanted (`named`) and longer
// than PATH_MAX (do_procmap_query in fs/proc/task_mmu.c), or another errno.
int QueryVma(int maps_fd, uint64_t address, bool named, VmaAnswer* out);

}  // namespace pagefault
