// Stacks to be unwound, and the chains found, as they go between the reader and pagefault-symbols.
//
//   question   u16 modules, each kModuleKey bytes that tell it apart, u64 start and end of its
//              mapping, u64 offset of that in the file; u16 stacks, each u32 length, registers
//              (kRegisters words in the order of samples, perf/events.h), the stack from the stack
//              pointer on
//   answer     per stack u8 kToTheEnd or 0, u8 addresses, each u64, innermost first: the
//              instruction, then return addresses. What a signal has interrupted, and where its
//              handler returns to, are instructions too, and have kInstruction added
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pagefault {
namespace symbols {

constexpr size_t kModuleKey = 48;
constexpr size_t kMaxModules = 256;
constexpr size_t kMaxStacks = 128;
constexpr size_t kRegisters = 17;
constexpr size_t kMaxStackBytes = 8 * kRegisters + (64 << 10);
// One less than stacks may have: what is cut off is marked by one more.
constexpr size_t kMaxChain = 126;
constexpr uint8_t kToTheEnd = 1;
// User mode has no addresses so high.
constexpr uint64_t kInstruction = uint64_t{1} << 63;

// The answer holds so many chains.
bool IsUnwound(const std::vector<uint8_t>& payload, size_t stacks);

}  // namespace symbols
}  // namespace pagefault
