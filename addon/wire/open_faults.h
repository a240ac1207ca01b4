// The layout of Session.openFaults: src/core/wire/open-faults.ts has the same, word for word.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pagefault {

struct OpenFaultsLayout {
  static constexpr size_t kCapacity = 16384;
  static constexpr size_t kAsOf = 0;   // f64
  static constexpr size_t kCount = 8;  // u32 count, u32 behind
  static constexpr size_t kEntered = 16;
  static constexpr size_t kWords = kEntered + 8 * kCapacity;
  static constexpr size_t kWordColumns = 6;  // address low, high, ip low, high, pid, tid
  static constexpr size_t kBytes = kWords + 4 * kWordColumns * kCapacity;
};

}  // namespace pagefault
