// Registers and stack of a thread, as far as they are known: what rules of .eh_frame are applied
// to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "unwind_format.h"

namespace pagefault {
namespace symbols {

// Numbers of DWARF (System V psABI for x86-64, figure 3.36).
constexpr unsigned kFramePointer = 6;
constexpr unsigned kStackPointer = 7;
constexpr unsigned kReturnAddress = 16;

class MachineState {
 public:
  // In the order of samples.
  explicit MachineState(const uint8_t* registers) {
    // rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, rip, r8 to r15.
    static constexpr uint8_t kNumbers[kRegisters] = {0, 3, 2,  1,  4,  5,  6,  7, 16,
                                                     8, 9, 10, 11, 12, 13, 14, 15};
    for (size_t i = 0; i < kRegisters; i++) {
      uint64_t value;
      memcpy(&value, registers + 8 * i, sizeof value);
      Set(kNumbers[i], value);
    }
  }

  bool Get(unsigned number, uint64_t* value) const {
    if (number >= kRegisters || (known_ >> number & 1) == 0) return false;
    *value = value_[number];
    return true;
  }
  void Set(unsigned number, uint64_t value) {
    value_[number] = value;
    known_ |= 1u << number;
  }
  void Forget(unsigned number) { known_ &= ~(1u << number); }

 private:
  uint64_t value_[kRegisters] = {};
  uint32_t known_ = 0;
};

// The bytes from the stack pointer of the innermost frame on.
class StackMemory {
 public:
  StackMemory(uint64_t start, const uint8_t* bytes, size_t size)
      : start_(start), bytes_(bytes), size_(size) {}
  // `size` bytes, up to 8, as a number. False for memory that was not copied.
  bool Read(uint64_t address, size_t size, uint64_t* value) const {
    const uint64_t at = address - start_;
    if (address < start_ || size > 8 || size_ < size || at > size_ - size) return false;
    *value = 0;
    memcpy(value, bytes_ + at, size);  // little-endian
    return true;
  }

 private:
  uint64_t start_;
  const uint8_t* bytes_;
  size_t size_;
};

}  // namespace symbols
}  // namespace pagefault
