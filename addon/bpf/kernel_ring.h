// A ring buffer of BPF (BPF_MAP_TYPE_RINGBUF), as its reader has it in its memory.
#pragma once

#include <unistd.h>

#include <cstdint>

#include "bpf/map_memory.h"

namespace pagefault {

// Laid out by kernel/bpf/ringbuf.c: a page with how far it has been read; one with how far it is
// written; behind that the data, twice, so that no record wraps.
class KernelRing {
 public:
  // `bytes`: max_entries of the map, whose descriptor is not needed afterwards. Returns 0 or an
  // errno.
  int Map(int map, size_t bytes) {
    page_ = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    int error = read_.Map(map, page_, PROT_READ | PROT_WRITE);
    if (error == 0) error = written_.Map(map, page_ + 2 * bytes, PROT_READ, page_);
    bytes_ = bytes;
    return error;
  }
  void Skip() { __atomic_store_n(Read(), Written(), __ATOMIC_RELEASE); }
  // Each record that is finished: its data and their size.
  template <typename F>
  void Take(F&& visit) {
    const unsigned long end = Written();
    unsigned long at = *Read();
    const auto* const data = static_cast<const uint8_t*>(written_.at()) + page_;
    while (at < end) {
      const uint8_t* const record = data + (at & (bytes_ - 1));
      const uint32_t head =
          __atomic_load_n(reinterpret_cast<const uint32_t*>(record), __ATOMIC_ACQUIRE);
      const size_t size = head & ~(kBusy | kDiscarded);
      if ((head & kBusy) != 0 || size > bytes_ - kHead) break;
      if ((head & kDiscarded) == 0) visit(record + kHead, size);
      at += (size + kHead + 7) / 8 * 8;
    }
    __atomic_store_n(Read(), at, __ATOMIC_RELEASE);
  }

 private:
  // include/uapi/linux/bpf.h: BPF_RINGBUF_BUSY_BIT, BPF_RINGBUF_DISCARD_BIT, BPF_RINGBUF_HDR_SZ.
  static constexpr uint32_t kBusy = 1U << 31;
  static constexpr uint32_t kDiscarded = 1U << 30;
  static constexpr size_t kHead = 8;

  unsigned long* Read() const { return static_cast<unsigned long*>(read_.at()); }
  unsigned long Written() const {
    return __atomic_load_n(static_cast<const unsigned long*>(written_.at()), __ATOMIC_ACQUIRE);
  }

  MapMemory read_, written_;
  size_t page_ = 0;
  size_t bytes_ = 0;
};

}  // namespace pagefault
