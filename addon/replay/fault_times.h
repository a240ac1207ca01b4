// How many faults a recording has, and when they were: of every so many the time of one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace pagefault {
namespace perfdata {

class FaultTimes {
 public:
  // Of the next fault. Records of a foreign recorder are in nearly the order of their times.
  void Add(uint64_t time) {
    newest_ = std::max(newest_, time);
    if (faults_++ % kEvery == 0) times_.push_back(newest_);
  }
  uint64_t faults() const { return faults_; }
  // From this time up to `to` there are `most` faults, or a few more. 0 where there are fewer.
  uint64_t Before(uint64_t to, uint64_t most) const {
    const auto behind = std::upper_bound(times_.begin(), times_.end(), to);
    const size_t up_to = static_cast<size_t>(behind - times_.begin());
    const uint64_t back = most / kEvery + 1;
    return up_to > back ? times_[up_to - 1 - static_cast<size_t>(back)] : 0;
  }

 private:
  static constexpr uint64_t kEvery = 1024;

  std::vector<uint64_t> times_;
  uint64_t newest_ = 0;
  uint64_t faults_ = 0;
};

}  // namespace perfdata
}  // namespace pagefault
