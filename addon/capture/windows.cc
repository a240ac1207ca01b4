#include "capture/windows.h"

#include <algorithm>

#include "util/clock.h"

namespace pagefault {

int Windows::Set(uint64_t length, uint64_t cycle) {
  const bool were = on();
  length_ = length;
  cycle_ = std::max(length, cycle);
  if (were == on()) return 0;
  if (were) {
    const int error = open_ ? Close() : 0;
    const int refused = events_.SetWindows(false);
    return error != 0 ? error : refused;
  }
  used_ = true;
  PlanNext(MonotonicNow());
  return events_.SetWindows(true);
}

int Windows::Turn() {
  if (open_) return Close();
  // What cannot be opened now is tried again as the next one.
  PlanNext(MonotonicNow());
  const int error = events_.SwitchWindow(true);
  if (error != 0) return error;
  open_ = true;
  begin_ = events_.programs()->OpenWindow(length_);
  due_ = begin_ + length_;
  return 0;
}

int Windows::Close() {
  open_ = false;
  events_.programs()->CloseWindow();
  PlanNext(MonotonicNow());
  return events_.SwitchWindow(false);
}

// Between half of the pause and one and a half: a target that does something at times of its own is
// met at all of them.
void Windows::PlanNext(uint64_t now) {
  random_ = random_ * 6364136223846793005 + 1442695040888963407;
  const uint64_t pause = cycle_ - length_;
  due_ = now + pause / 2 + (pause >> 16) * (random_ >> 48);
}

int Windows::Wait(uint64_t now, int most) const {
  if (!on()) return most;
  // Rounded up: a window that has not ended would be looked at for nothing.
  const uint64_t ms = due_ > now ? (due_ - now + 999'999) / 1'000'000 : 0;
  return static_cast<int>(std::min<uint64_t>(ms, static_cast<uint64_t>(most)));
}

}  // namespace pagefault
