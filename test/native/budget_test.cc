// The budget of stacks: what it makes of a target's rate.

#include <cstddef>
#include <set>
#include <vector>

#include "capture/ease.h"
#include "capture/stack_budget.h"
#include "check.h"

namespace pagefault {
namespace test {
namespace {

constexpr uint64_t kPass = 15'000'000;  // ns

// A target that takes `rate` faults a second, whose periods the budget sets.
class Target {
 public:
  Target(uint32_t budget, uint64_t rate) : budget_(budget), rate_(rate) {
    periods_.Change(now_, 1);
  }

  // Stacks that come in so many more seconds.
  double Run(uint64_t seconds) {
    uint64_t taken = 0;
    for (const uint64_t end = now_ + seconds * 1'000'000'000; now_ < end; now_ += kPass) {
      until_next_ -= static_cast<double>(rate_ * kPass) / 1e9;
      for (; until_next_ < 0; until_next_ += periods_.latest()) {
        periods_.Take(now_);
        taken++;
      }
      const uint32_t next = budget_.Next(periods_, now_ + kPass);
      if (next == 0) continue;
      periods_.Change(now_ + kPass, next);
      changes_.push_back(next);
    }
    return static_cast<double>(taken);
  }

  uint32_t period() const { return periods_.latest(); }
  // The periods that it has had, but the first.
  const std::vector<uint32_t>& changes() const { return changes_; }

 private:
  StackBudget budget_;
  StackPeriods periods_;
  const uint64_t rate_;
  uint64_t now_ = 1;
  double until_next_ = 0;
  std::vector<uint32_t> changes_;
};

}  // namespace

TEST(budget_is_kept_and_used) {
  for (const uint64_t rate : {10'000u, 300'000u, 3'000'000u}) {
    Target target(2000, rate);
    target.Run(3);
    const double taken = target.Run(1);
    CHECK(taken > 1000 && taken < 3000);
    CHECK(target.period() > 1);
  }
}

TEST(budget_takes_every_stack_of_few_faults) {
  Target target(2000, 1000);
  CHECK(target.Run(3) > 2700);
  CHECK_EQ(target.period(), 1u);
}

TEST(budget_varies_a_period_that_is_right) {
  Target target(2000, 200'000);
  target.Run(3);
  const size_t settled = target.changes().size();
  target.Run(10);
  const std::set<uint32_t> varied(target.changes().begin() + static_cast<ptrdiff_t>(settled),
                                  target.changes().end());
  CHECK(target.changes().size() - settled > 10);
  CHECK(varied.size() >= 4);
  // As many stacks as are allowed come with every 100th fault.
  for (const uint32_t period : varied) CHECK(period >= 75 && period <= 135);
}

TEST(budget_of_none_leaves_the_period) {
  StackBudget budget(0);
  StackPeriods periods;
  periods.Change(1, 1);
  for (int i = 0; i < 100000; i++) periods.Take(2);
  CHECK_EQ(budget.Next(periods, 10'000'000'000), 0u);
}

}  // namespace test
TEST(ease_doubles_while_there_is_little_room) {
  constexpr uint64_t kMs = 1'000'000;
  Ease ease;
  uint64_t now = 5000 * kMs;
  // Half of a ring may be taken at any time.
  for (int i = 0; i < 100; i++) CHECK_EQ(ease.Next(0.5, now += kMs), 1u);
  CHECK_EQ(ease.Next(0.7, now += kMs), 2u);
  // What lies there must be taken before one sees what that has done.
  for (int i = 0; i < 19; i++) CHECK_EQ(ease.Next(1, now += kMs), 2u);
  CHECK_EQ(ease.Next(1, now += kMs), 4u);
  for (int i = 0; i < 20 * 20; i++) ease.Next(1, now += kMs);
  CHECK_EQ(ease.times(), 4096u);
}

TEST(ease_comes_back_after_a_second_with_room) {
  constexpr uint64_t kMs = 1'000'000;
  Ease ease;
  uint64_t now = 5000 * kMs;
  ease.Next(1, now);
  ease.Next(1, now += 20 * kMs);
  CHECK_EQ(ease.times(), 4u);
  for (int i = 0; i < 5000; i++) CHECK_EQ(ease.Next(0.3, now += kMs), 4u);
  for (int i = 0; i < 999; i++) CHECK_EQ(ease.Next(0.1, now += kMs), 4u);
  CHECK_EQ(ease.Next(0.1, now += kMs), 2u);
  for (int i = 0; i < 999; i++) CHECK_EQ(ease.Next(0, now += kMs), 2u);
  CHECK_EQ(ease.Next(0, now += kMs), 1u);
  for (int i = 0; i < 3000; i++) CHECK_EQ(ease.Next(0, now += kMs), 1u);
}

}  // namespace pagefault
