#include "capture/descriptor_room.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

namespace pagefault {

namespace {

constexpr size_t kSpareDescriptors = 64;

size_t OpenDescriptors() {
  // The lowest free number: an exact count would mean to list /proc/self/fd.
  const int probe = dup(0);
  if (probe < 0) return 64;
  close(probe);
  return static_cast<size_t>(probe) + 1;
}

}  // namespace

bool DescriptorRoom::Reserve(size_t more) {
  const uint64_t need = Taken() + more;
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return true;  // let open find out
  if (limit.rlim_cur >= need) return true;
  const uint64_t before = limit.rlim_cur;
  // CAP_SYS_RESOURCE may go beyond the hard limit, everyone else up to it.
  const rlimit beyond = {need, std::max<rlim_t>(limit.rlim_max, need)};
  if (limit.rlim_max >= need) {
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  } else if (setrlimit(RLIMIT_NOFILE, &beyond) == 0) {
    limit = beyond;
  } else {
    return false;
  }
  raised_from_ = before;
  raised_to_ = limit.rlim_cur;
  return true;
}

size_t DescriptorRoom::Limit() {
  rlimit limit;
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

size_t DescriptorRoom::Taken() {
  return OpenDescriptors() + kSpareDescriptors;
}

}  // namespace pagefault
