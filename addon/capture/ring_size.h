// How large rings are.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cstddef>

namespace pagefault {

// All rings together are memory that nobody else can have: 8 MiB on each of 128 CPUs would be
// 1 GiB.
constexpr size_t kRingBudget = 64 << 20;
constexpr size_t kRingMax = 8 << 20;
constexpr size_t kRingMin = 256 << 10;

// Bytes of a ring, of `pages` pages or, with 0, of a size that keeps all rings together within the
// budget. Where programs have rings of their own for faults (BpfRing), each has half of it.
inline size_t RingBytes(size_t pages, size_t cpus, bool programs) {
  const size_t page_size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  size_t want = pages;
  if (want == 0) {
    const size_t share = kRingBudget / std::max<size_t>(cpus, 1);
    want = std::max(kRingMin, std::min(kRingMax, share)) / (programs ? 2 : 1) / page_size;
  }
  size_t power = 1;
  while (power * 2 <= want) power *= 2;
  return power * page_size;
}

}  // namespace pagefault
