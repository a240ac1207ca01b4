// The rings that programs and reader share (BpfRing), as the reader has them in its memory.
#pragma once

#include <errno.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "bpf/fault_record.h"
#include "bpf/kernel_ring.h"
#include "bpf/map_memory.h"
#include "util/fd.h"

namespace pagefault {

// What a reader of one needs. Owned by whoever handed it out.
struct SharedRing {
  const unsigned long long* head = nullptr;
  unsigned long long* tail = nullptr;
  const uint8_t* data = nullptr;
  size_t bytes = 0;
};

class SharedRings {
 public:
  // Descriptors of the maps: of all CPUs that there may be; of the slots of `count` rings; of what
  // wakes the reader. Returns 0 or an errno.
  int Map(int rings, size_t cpus, int slots, size_t count, size_t ring_bytes, Fd wakes) {
    int error = rings_.Map(rings, cpus * sizeof(BpfRing), PROT_READ | PROT_WRITE);
    if (ring_bytes == 0) count = 0;
    if (error == 0 && count > 0) error = slots_.Map(slots, count * ring_bytes, PROT_READ);
    if (error == 0) error = wake_ring_.Map(wakes.get(), kBpfWakeBytes);
    wakes_ = std::move(wakes);
    cpus_ = cpus;
    left_ = count;
    bytes_ = ring_bytes;
    return error;
  }

  // The ring of a CPU, emptied; the first time it gets one. False where none is left.
  bool Open(int cpu, SharedRing* out) {
    if (cpu < 0 || static_cast<size_t>(cpu) >= cpus_) return false;
    BpfRing* const ring = static_cast<BpfRing*>(rings_.at()) + cpu;
    if (ring->bytes == 0) {
      if (left_ == 0) return false;
      ring->first = static_cast<BpfU32>(given_++ * (bytes_ / kBpfSlotBytes));
      left_--;
    }
    __atomic_store_n(&ring->tail, __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
    __atomic_store_n(&ring->bytes, bytes_, __ATOMIC_RELEASE);
    const auto* const slots = static_cast<const uint8_t*>(slots_.at());
    *out = {&ring->head, &ring->tail, slots + size_t{ring->first} * kBpfSlotBytes, bytes_};
    return true;
  }
  // What its records say of themselves.
  void SetId(int cpu, uint64_t id) {
    if (cpu < 0 || static_cast<size_t>(cpu) >= cpus_) return;
    BpfRing* const ring = static_cast<BpfRing*>(rings_.at()) + cpu;
    __atomic_store_n(&ring->id, id, __ATOMIC_RELEASE);
  }

  // Readable when there is more to read than was announced before.
  int wakes() const { return wakes_.get(); }
  void TakeWakes() { wake_ring_.Skip(); }

 private:
  MapMemory rings_, slots_;
  KernelRing wake_ring_;
  Fd wakes_;
  size_t cpus_ = 0;
  size_t left_ = 0, given_ = 0;
  size_t bytes_ = 0;
};

}  // namespace pagefault
