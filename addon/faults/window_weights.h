// For how many faults those of a window stand: together for exactly as many as were counted since
// the window before.
#pragma once

#include <algorithm>
#include <cstdint>

namespace pagefault {

class WindowWeights {
 public:
  // Windows begin: what was counted before has been told.
  void Begin() { *this = WindowWeights(); }
  // Faults that no record tells of.
  void Owe(int64_t counted) { owed_ += counted; }

  // Of a window that is over all records are looked at before the first is taken.
  void BeginLook() {
    ahead_ = 0;
    weights_ = 0;
  }
  void Look(uint32_t weight, int64_t counted) {
    ahead_ += counted;
    weights_ += weight;
  }
  // Its faults are those that were completed from `since` on (raw clock).
  void Close(uint64_t since) {
    since_ = since;
    until_ = UINT64_MAX;
  }
  // Faults from then on stand for themselves again.
  void End(uint64_t until) { until_ = until; }

  // A fault's record is taken that says to stand for `weight`, and that `counted` were completed
  // since the thread's last one. Returns for how many it stands. Never are more told than were
  // counted, but that each stands for itself.
  uint32_t Take(uint64_t time, uint32_t weight, int64_t counted) {
    if (time < since_ || time >= until_) return weight;
    const int64_t left =
        owed_ + std::max(ahead_, counted);  // one that nobody has looked at brings its own
    const int64_t share = weight < weights_ ? left * weight / weights_ : left;
    const int64_t stands = std::max(int64_t{1}, std::min(share, kMost));
    weights_ -= std::min(weights_, int64_t{weight});
    ahead_ -= std::min(ahead_, counted);
    owed_ += counted - stands;
    return static_cast<uint32_t>(stands);
  }

 private:
  // What may stand in a row, with room for the stacks of such a fault.
  static constexpr int64_t kMost = 1 << 30;

  uint64_t since_ = UINT64_MAX, until_ = UINT64_MAX;
  int64_t owed_ = 0;     // counted, and no fault stands for it yet
  int64_t ahead_ = 0;    // counted by records that are still to be taken
  int64_t weights_ = 0;  // of these
};

}  // namespace pagefault
