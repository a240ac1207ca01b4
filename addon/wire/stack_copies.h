// Stacks on their way to be unwound: registers and the top of the stack, kUnwindCount words and as
// many as were there of kStackCopyBytes. Batches name them by their slots: a batch that held them
// would have no room for anything else.
//
// The poller's thread puts them in, JavaScript takes them out. Of no size before the first; pages
// are used as slots are, the lowest first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "perf/events.h"

namespace pagefault {

class StackCopies {
 public:
  static constexpr uint32_t kSlots = 4096;
  static constexpr size_t kSlotBytes = 8 * kUnwindCount + kStackCopyBytes;

  // False where no slot is free, or it is longer than one.
  bool Put(const std::vector<uint64_t>& words, uint32_t* slot);
  // Copies what lies in a slot to `out`, which holds kSlotBytes, and frees it. Returns the bytes; 0
  // where there is nothing.
  size_t Take(uint32_t slot, uint8_t* out);
  void Free(uint32_t slot);

 private:
  std::mutex mutex_;
  std::unique_ptr<uint8_t[]> bytes_;
  std::vector<uint32_t> free_;
  std::vector<uint32_t> lengths_;  // of what lies in each, 0 for nothing
};

}  // namespace pagefault
