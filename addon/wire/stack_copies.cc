#include "wire/stack_copies.h"

#include <cstring>

namespace pagefault {

bool StackCopies::Put(const std::vector<uint64_t>& words, uint32_t* slot) {
  const size_t length = 8 * words.size();
  if (length == 0 || length > kSlotBytes) return false;
  std::lock_guard<std::mutex> lock(mutex_);
  if (bytes_ == nullptr) {
    bytes_.reset(new uint8_t[kSlots * kSlotBytes]);
    lengths_.resize(kSlots);
    for (uint32_t i = kSlots; i-- > 0;) free_.push_back(i);
  }
  if (free_.empty()) return false;
  *slot = free_.back();
  free_.pop_back();
  lengths_[*slot] = static_cast<uint32_t>(length);
  memcpy(bytes_.get() + *slot * kSlotBytes, words.data(), length);
  return true;
}

size_t StackCopies::Take(uint32_t slot, uint8_t* out) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (slot >= lengths_.size() || lengths_[slot] == 0) return 0;
  const size_t length = lengths_[slot];
  memcpy(out, bytes_.get() + slot * kSlotBytes, length);
  lengths_[slot] = 0;
  free_.push_back(slot);
  return length;
}

void StackCopies::Free(uint32_t slot) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (slot >= lengths_.size() || lengths_[slot] == 0) return;
  lengths_[slot] = 0;
  free_.push_back(slot);
}

}  // namespace pagefault
