#include "capture/entry_move.h"

#include "util/clock.h"

namespace pagefault {

namespace {
// Faults within a second from which on programs are worth it. An entry's record costs its thread
// some 0.5 us more than a program does: 0.5 % of a CPU.
constexpr uint64_t kBusy = 10'000;
constexpr uint64_t kBusyWithin = 1'000'000'000;  // ns
// A CPU may have been in the middle of an entry, without the programs, when they came. It has left
// it by then.
constexpr uint64_t kBoth = 20'000'000;  // ns
}  // namespace

bool EntryMove::IsBusy(uint64_t faults, uint64_t now) {
  if (faults - before_ >= kBusy) return true;
  if (now - since_ >= kBusyWithin) {
    since_ = now;
    before_ = faults;
  }
  return false;
}

int EntryMove::Next(uint64_t faults, uint64_t now, std::vector<Fd>* over) {
  if (!events_.plan().apart || stage_ == Stage::kOver) return 0;
  if (stage_ == Stage::kApart) {
    if (!IsBusy(faults, now)) return 0;
    const int error = events_.programs()->SetEntries(true);
    stage_ = error == 0 ? Stage::kBoth : Stage::kOver;
    since_ = MonotonicNow();
    // One of two may be there.
    if (error != 0) events_.programs()->SetEntries(false);
    return error;
  }
  if (now < since_ + kBoth) return 0;
  stage_ = Stage::kOver;
  events_.programs()->EndApart();
  *over = events_.EndEntries();
  ended_ = MonotonicNow();
  return 0;
}

}  // namespace pagefault
