// The budget of stacks: what it makes of a target's rate.

#include "capture/stack_budget.h"
#include "check.h"

namespace pagefault {
namespace test {
namespace {

constexpr uint64_t kPass = 15'000'000;  // ns

// Stacks in the last of `seconds`, where a target takes `rate` faults a second.
double LastSecond(uint32_t wanted, uint64_t rate, uint64_t seconds, uint32_t* period) {
  StackBudget budget(wanted);
  StackPeriods periods;
  periods.Change(1, 1);
  uint64_t taken = 0;
  double until_next = 0;
  const uint64_t end = seconds * 1'000'000'000;
  for (uint64_t now = 1; now < end; now += kPass) {
    const double faults = static_cast<double>(rate * kPass) / 1e9;
    for (until_next -= faults; until_next < 0; until_next += periods.latest()) {
      periods.Take(now);
      if (now >= end - 1'000'000'000) taken++;
    }
    const uint32_t next = budget.Next(periods, now + kPass);
    if (next != 0) periods.Change(now + kPass, next);
  }
  *period = periods.latest();
  return static_cast<double>(taken);
}

}  // namespace

TEST(budget_is_kept_and_used) {
  uint32_t period;
  for (const uint64_t rate : {10'000u, 300'000u, 3'000'000u}) {
    const double taken = LastSecond(2000, rate, 4, &period);
    CHECK(taken > 1000 && taken < 3000);
    CHECK(period > 1);
  }
}

TEST(budget_takes_every_stack_of_few_faults) {
  uint32_t period;
  const double taken = LastSecond(2000, 1000, 3, &period);
  CHECK_EQ(period, 1u);
  CHECK(taken > 900);
}

TEST(budget_varies_a_period_that_is_right) {
  StackBudget budget(2000);
  StackPeriods periods;
  uint64_t now = 1'000'000'000;
  periods.Change(now, 100);
  uint32_t changes = 0;
  for (int i = 0; i < 20; i++) {
    const uint64_t since = periods.changed();
    now = since + 600'000'000;
    for (int k = 0; k < 1200; k++) periods.Take(since + 1);
    const uint32_t next = budget.Next(periods, now);
    CHECK(next == 0 || (next >= 60 && next <= 160));
    if (next == 0) continue;
    changes++;
    periods.Change(now, next);
  }
  CHECK(changes > 10);
}

TEST(budget_of_none_leaves_the_period) {
  StackBudget budget(0);
  StackPeriods periods;
  periods.Change(1, 1);
  for (int i = 0; i < 100000; i++) periods.Take(2);
  CHECK_EQ(budget.Next(periods, 10'000'000'000), 0u);
}

}  // namespace test
}  // namespace pagefault
