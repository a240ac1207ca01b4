#include "open_maps.h"

#include <utility>

#include "../symbols/message.h"

namespace pagefault {
namespace reader {

namespace {

constexpr size_t kMaxOpen = 32;
// An open maps file stays bound to the address space it had. After an exec that answers ESRCH, but
// not for a child of vfork, whose old address space is its parent's and lives on: open again soon.
constexpr int64_t kOpenNs = 50'000'000;

}  // namespace

int OpenMaps::Find(uint32_t pid) {
  const auto found = open_.find(pid);
  if (found == open_.end()) return -1;
  if (symbols::Now() - found->second.since < kOpenNs) return found->second.fd.get();
  open_.erase(found);
  return -1;
}

void OpenMaps::Keep(uint32_t pid, Fd fd) {
  if (open_.size() >= kMaxOpen) {
    auto oldest = open_.begin();
    for (auto it = open_.begin(); it != open_.end(); ++it) {
      if (it->second.since < oldest->second.since) oldest = it;
    }
    open_.erase(oldest);
  }
  open_[pid] = {std::move(fd), symbols::Now()};
}

}  // namespace reader
}  // namespace pagefault
