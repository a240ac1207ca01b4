// How many faults are captured, and when (Poller).

#include <unistd.h>

#include <algorithm>

#include "capture/poller.h"
#include "util/clock.h"
#include "util/error.h"

namespace pagefault {

namespace {
// So manyth minor fault has a record at least.
constexpr uint32_t kMostEvery = 1 << 24;
// For the programs that were telling of a thread's end.
constexpr useconds_t kEndPause = 1000;
}  // namespace

void Poller::SetEvery(uint32_t every) {
  if (!events_.plan().budget) return;
  std::lock_guard<std::mutex> lock(mutex_);
  every_ = every;
  ApplyEvery();
}

void Poller::ApplyEvery() {
  const uint64_t eased = uint64_t{every_} * ease_.times();
  const uint32_t every = static_cast<uint32_t>(std::min<uint64_t>(eased, kMostEvery));
  if (every == in_force_) return;
  in_force_ = every;
  if (ease_.times() > 1) eased_every_ = std::max(eased_every_.load(), every);
  events_.programs()->SetEvery(every);
}

void Poller::SetWindows(uint64_t length, uint64_t cycle) {
  if (!events_.plan().budget) return;
  std::lock_guard<std::mutex> lock(mutex_);
  asked_length_ = length;
  asked_cycle_ = cycle;
}

void Poller::KeepWindows(uint64_t now) {
  bool begun = false, ended = false, left = false;
  const uint64_t since = MonotonicNow();
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_ || !events_.plan().budget) return;
    const bool were = windows_.on(), open = windows_.open();
    CheckWindows(windows_.Set(asked_length_, asked_cycle_));
    begun = windows_.on() && !were;
    if (!begun && windows_.due(now)) CheckWindows(windows_.Turn());
    ended = open && !windows_.open();
    left = were && !windows_.on();
  }
  if (begun || ended) {
    counted_ = now;
    TakeCounts(as_of_);
  }
  if (begun) pairer_.window().Begin();
  if (ended) WeighWindow();
  if (left) pairer_.window().End(since);
}

void Poller::WeighWindow() {
  std::lock_guard<std::mutex> lock(mutex_);
  pairer_.window().BeginLook();
  for (const Ring* ring : rings_) {
    Ring reader = ring->Reader();
    reader.LoadHead();
    RingSource records(&reader, &formats_.events);
    for (RawRecord raw; records.Peek(&raw); records.Pop()) pairer_.LookAhead(raw, windows_.begin());
  }
  pairer_.window().Close(windows_.begin());
}

void Poller::EndWindows() {
  const bool open = windows_.open();
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (open) CheckWindows(windows_.Turn());
  }
  if (!open) return;
  TakeCounts(as_of_);
  WeighWindow();
}

void Poller::CheckWindows(int error) {
  if (error == 0 || windows_failed_) return;
  windows_failed_ = true;
  notices_.push_back({"WINDOWS_FAILED", error, ErrnoText(error)});
}

void Poller::KeepRoom(uint64_t now) {
  if (!formats_.sampled) return;
  std::lock_guard<std::mutex> lock(mutex_);
  ease_.Next(used_, now);
  ApplyEvery();
}

BpfSpent Poller::Spent(uint64_t* at) {
  std::lock_guard<std::mutex> lock(mutex_);
  *at = spent_at_;
  return spent_;
}

void Poller::FinishWindows() {
  // Who has ended since the counts were taken may have told of it in a record.
  events_.programs()->Freeze();
  usleep(kEndPause);
  Pass(UINT64_MAX);
  TakeCounts(UINT64_MAX);
}

}  // namespace pagefault
