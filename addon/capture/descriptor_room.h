// The process's limit of descriptors: what is needed beyond it is asked for.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pagefault {

class DescriptorRoom {
 public:
  // Raises RLIMIT_NOFILE for `more` descriptors, up to what this user may. False when that is too
  // low.
  bool Reserve(size_t more);
  // The soft limit now in force.
  static size_t Limit();
  // Descriptors that are in use or kept for everything else that the process does.
  static size_t Taken();
  // The soft limit that was in force before it was raised, 0 if it was not.
  uint64_t raised_from() const { return raised_from_; }
  uint64_t raised_to() const { return raised_to_; }

 private:
  uint64_t raised_from_ = 0;
  uint64_t raised_to_ = 0;
};

}  // namespace pagefault
