// How many fewer minor faults of a sample have a record, where more come than can be taken.
#pragma once

#include <algorithm>
#include <cstdint>

namespace pagefault {

class Ease {
 public:
  // `used`: of the rings or of the batches, the fuller one, the share that is taken, 0 to 1.
  // Returns how many times as large the distance is from now on: twice as large as before where
  // there is little room, half of that when there has been much for a while.
  uint32_t Next(double used, uint64_t now) {
    if (used >= kMuch) roomy_since_ = now;
    // What the last change does is to be seen first: what lies there already must be taken.
    if (used > kFull && now - changed_ >= kRise) Change(std::min(times_ * 2, kMost), now);
    if (used < kMuch && times_ > 1 && now - std::max(changed_, roomy_since_) >= kFall) {
      Change(times_ / 2, now);
    }
    return times_;
  }
  uint32_t times() const { return times_; }

 private:
  // A ring wakes its reader when a quarter is full, and one turn later it is read: half of it may
  // be taken at any time.
  static constexpr double kFull = 0.625, kMuch = 0.125;
  static constexpr uint64_t kRise = 20'000'000, kFall = 1'000'000'000;  // ns
  static constexpr uint32_t kMost = 1 << 12;

  void Change(uint32_t times, uint64_t now) {
    times_ = times;
    changed_ = now;
  }

  uint32_t times_ = 1;
  uint64_t changed_ = 0;
  uint64_t roomy_since_ = 0;
};

}  // namespace pagefault
