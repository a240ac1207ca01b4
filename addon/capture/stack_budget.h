// How often a stack may be taken, so that no more than a number come in a second.
#pragma once

#include <cstdint>

#include "faults/stack_periods.h"

namespace pagefault {

class StackBudget {
 public:
  // Stacks a second; 0: as many as come.
  explicit StackBudget(uint32_t budget) : budget_(budget) {}

  // The period to set now, 0 to leave it. Every record up to `as_of` has been seen.
  uint32_t Next(const StackPeriods& periods, uint64_t as_of);

 private:
  const uint32_t budget_;
  uint32_t turn_ = 0;
};

}  // namespace pagefault
