// Gives up all that reading a file does not take.
#pragma once

#include <cstdint>

namespace pagefault {
namespace sandbox {

// What a process may still use, for itself.
struct Limits {
  uint64_t memory;       // bytes of address space
  uint64_t cpu_seconds;  // 0: no limit
  uint64_t descriptors;
};

// False where that failed: then no byte of a file may be read. Afterwards the process can read the
// descriptors that it has or is sent, compute, and answer on those that it has.
bool GiveUpEverything(const Limits& limits);

// Part of it: from here on only the system calls of a list. False where the kernel has no such
// filters.
bool FilterSystemCalls();

}  // namespace sandbox
}  // namespace pagefault
