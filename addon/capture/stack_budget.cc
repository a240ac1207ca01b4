#include "capture/stack_budget.h"

#include <algorithm>

namespace pagefault {

namespace {

// How long a period is watched before it is judged, ns: far too many stacks show sooner.
constexpr uint64_t kLook = 100'000'000;
constexpr uint64_t kFirstLook = 5'000'000;
// A period that is right is varied after so long, so as not to run in step with a loop of the
// target.
constexpr uint64_t kVary = 500'000'000;
// A target that pauses must not find the period of an idle one at once.
constexpr uint32_t kMaxFall = 4;
constexpr double kMaxPeriod = 1'000'000;
constexpr uint32_t kVariations = 5;

}  // namespace

uint32_t StackBudget::Next(const StackPeriods& periods, uint64_t as_of) {
  if (budget_ == 0 || as_of <= periods.changed()) return 0;
  const uint64_t elapsed = as_of - periods.changed();
  if (elapsed < kFirstLook) return 0;
  const double taken = static_cast<double>(periods.taken());
  const double allowed = budget_ * (static_cast<double>(elapsed) / 1e9);
  const bool flood = taken > 4 * allowed && periods.taken() >= 64;
  if (elapsed < kLook && !flood) return 0;
  const uint32_t now = periods.latest();
  const bool right = taken <= 1.25 * allowed && (now == 1 || taken >= 0.6 * allowed);
  if (right && (now == 1 || elapsed < kVary)) return 0;
  double next = right ? now : now * taken / allowed;
  next = std::max(next, static_cast<double>(now) / kMaxFall);
  next = std::min(next, kMaxPeriod);
  // By a sixteenth at most, up and down in turn.
  turn_ = (turn_ + 1) % kVariations;
  const double swing = (static_cast<double>(turn_) - kVariations / 2) / 32.0;
  const auto period = static_cast<uint32_t>(std::max(1.0, next * (1 + swing) + 0.5));
  return period == now ? 0 : period;
}

}  // namespace pagefault
