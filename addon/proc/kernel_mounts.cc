#include "proc/kernel_mounts.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "util/fd.h"

namespace pagefault {

namespace {

// include/uapi/linux/memfd.h; older headers lack them.
constexpr unsigned kNoExecSeal = 0x8;  // Linux 6.3, and needed where vm.memfd_noexec is 2
constexpr unsigned kHugeTlb = 0x4;
constexpr unsigned kHugeShift = 26;

// An object of one of the kernel's mounts, without any page, for the device number it has.
void Add(unsigned flags, uint64_t huge_page_kib, std::vector<KernelMount>* out) {
  Fd fd(memfd_create("pagefault-analyzer", MFD_CLOEXEC | kNoExecSeal | flags));
  if (!fd.ok() && errno == EINVAL) {
    fd = Fd(memfd_create("pagefault-analyzer", MFD_CLOEXEC | flags));
  }
  struct stat status;
  if (fd.ok() && fstat(fd.get(), &status) == 0) out->push_back({status.st_dev, huge_page_kib});
}

unsigned Log2(uint64_t bytes) {
  unsigned bits = 0;
  while ((bytes >> bits) > 1) bits++;
  return bits;
}

}  // namespace

std::vector<KernelMount> KernelMounts() {
  std::vector<KernelMount> mounts;
  Add(0, 0, &mounts);
  DIR* pools = opendir("/sys/kernel/mm/hugepages");
  if (pools == nullptr) return mounts;
  while (const dirent* entry = readdir(pools)) {
    unsigned long kib = 0;
    if (sscanf(entry->d_name, "hugepages-%lukB", &kib) != 1 || kib == 0) continue;
    Add(kHugeTlb | Log2(kib * 1024) << kHugeShift, kib, &mounts);
  }
  closedir(pools);
  return mounts;
}

}  // namespace pagefault
