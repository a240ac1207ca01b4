// When minor faults are captured, where a budget does not let all of them be counted by programs.
#pragma once

#include <cstdint>

#include "capture/event_set.h"

namespace pagefault {

class Windows {
 public:
  explicit Windows(EventSet& events) : events_(events) {}

  // From now on in windows of `length` ns, one in every `cycle` ns on average; 0: always. Returns 0
  // or an errno, as Turn() does.
  int Set(uint64_t length, uint64_t cycle);
  bool on() const { return length_ != 0; }
  // There have been some: not all faults were counted by programs.
  bool used() const { return used_; }
  // A window is to be opened or closed.
  bool due(uint64_t now) const { return on() && now >= due_; }
  // Does that.
  int Turn();
  bool open() const { return open_; }
  // When the last one began (raw clock), 0: there was none.
  uint64_t begin() const { return begin_; }
  // Records of an open window wait for its end, when it is known for how many they stand.
  uint64_t Horizon(uint64_t now) const { return open_ ? begin_ - 1 : now; }
  // From now to the next turn, ms, at most `most`.
  int Wait(uint64_t now, int most) const;

 private:
  int Close();
  void PlanNext(uint64_t now);

  EventSet& events_;
  uint64_t length_ = 0, cycle_ = 0;
  bool used_ = false, open_ = false;
  uint64_t begin_ = 0;
  uint64_t due_ = 0;
  uint64_t random_ = 1;
};

}  // namespace pagefault
