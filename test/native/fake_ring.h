// A ring of plain memory for records made by hand (bytes.h).
#pragma once

#include <algorithm>

#include "bytes.h"
#include "source/ring.h"

namespace pagefault {
namespace test {

// Plays the kernel: writes records at the head, wrapping, as long as there is room.
class FakeRing {
 public:
  explicit FakeRing(size_t bytes, uint64_t position = 0) : data_(bytes) {
    memset(&control_, 0, sizeof control_);
    control_.data_head = position;
    control_.data_tail = position;
  }
  Ring Reader() {
    Ring ring;
    ring.Borrow(&control_.data_head, &control_.data_tail, data_.data(), data_.size());
    return ring;
  }
  bool Write(const Bytes& record) {
    const uint64_t head = control_.data_head;
    const uint64_t tail = __atomic_load_n(&control_.data_tail, __ATOMIC_ACQUIRE);
    if (head + record.size() - tail > data_.size()) return false;
    PutBytes(head, record.data(), record.size());
    __atomic_store_n(&control_.data_head, head + record.size(), __ATOMIC_RELEASE);
    return true;
  }
  // Where a position says, and from the beginning on behind the end. No more than the ring holds.
  void PutBytes(uint64_t position, const uint8_t* bytes, size_t count) {
    const size_t at = position % data_.size();
    const size_t before_end = std::min(count, data_.size() - at);
    std::copy_n(bytes, before_end, data_.data() + at);
    std::copy_n(bytes + before_end, count - before_end, data_.data());
  }
  perf_event_mmap_page& control() { return control_; }
  Bytes& data() { return data_; }

 private:
  perf_event_mmap_page control_;
  Bytes data_;
};

}  // namespace test
}  // namespace pagefault
