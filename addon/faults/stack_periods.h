// With every how manyth fault a stack comes, and since when.
#pragma once

#include <cstdint>
#include <deque>

namespace pagefault {

class StackPeriods {
 public:
  // From `time` on.
  void Change(uint64_t time, uint32_t period) {
    changes_.push_back({time, period});
    changed_ = time;
    taken_ = 0;
  }
  // Of a stack taken at `time`; these times do not fall.
  uint32_t Take(uint64_t time) {
    while (!changes_.empty() && changes_.front().time <= time) {
      current_ = changes_.front().period;
      changes_.pop_front();
    }
    if (time >= changed_) taken_++;
    return current_;
  }
  // So many at once that were lost.
  void TakeLost(uint64_t time, uint64_t count) {
    if (time >= changed_) taken_ += count;
  }
  // The last one that was set, when, and the stacks taken since.
  uint32_t latest() const { return changes_.empty() ? current_ : changes_.back().period; }
  uint64_t changed() const { return changed_; }
  uint64_t taken() const { return taken_; }

 private:
  struct Period {
    uint64_t time;
    uint32_t period;
  };
  std::deque<Period> changes_;  // not yet reached by the records
  uint32_t current_ = 1;
  uint64_t changed_ = 0;
  uint64_t taken_ = 0;
};

}  // namespace pagefault
