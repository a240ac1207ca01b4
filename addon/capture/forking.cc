#include "capture/forking.h"

#include <algorithm>

#include "proc/procfs.h"
#include "util/clock.h"

namespace pagefault {

namespace {
// Of CPU time: page tables are copied at some 100 GB/s of what they map, and without such memory a
// fork takes a tenth of a millisecond.
constexpr uint64_t kForkTime = 10'000'000;        // ns
constexpr uint64_t kForkTimePerGiB = 40'000'000;  // ns
// Who waits for a CPU so long is not waited for.
constexpr uint64_t kPatience = 500'000'000;  // ns
// Nor who waits in the kernel: a fork does that for locks and memory, others for files.
constexpr uint64_t kPatienceBlocked = 50'000'000;  // ns
}  // namespace

void Forking::Add(uint32_t pid, uint32_t tid) {
  last_ = MonotonicNow();
  const uint64_t gib = ResidentBytes(static_cast<pid_t>(pid)) >> 30;
  const Thread thread = {pid, tid, last_,
                         CpuTimeOf(static_cast<pid_t>(pid), static_cast<pid_t>(tid)),
                         kForkTime + gib * kForkTimePerGiB};
  if (MayFork(thread)) threads_.push_back(thread);
}

bool Forking::IsWhole(uint32_t tid, uint64_t time) const {
  const auto settled = settled_.find(tid);
  return settled != settled_.end() && time > settled->second;
}

bool Forking::MayFork(const Thread& thread) {
  const pid_t pid = static_cast<pid_t>(thread.pid), tid = static_cast<pid_t>(thread.tid);
  // One that sleeps until a signal comes at the latest is not: a fork sleeps for no signal, or for
  // one that kills.
  const char state = StateOf(pid, tid);
  const bool may =
      state == 'R' || (state == 'D' && MonotonicNow() - thread.since < kPatienceBlocked);
  if (may && CpuTimeOf(pid, tid) < thread.ran + thread.allowed) return true;
  settled_[thread.tid] = MonotonicNow();
  return false;
}

bool Forking::Settled(const Births& births, bool pressed) {
  const bool patient = !pressed && MonotonicNow() - last_ < kPatience;
  threads_.erase(std::remove_if(threads_.begin(), threads_.end(),
                                [&](const Thread& thread) {
                                  // A child that has a record is whole.
                                  return births.FirstOf(thread.tid, thread.since) != 0 ||
                                         !MayFork(thread);
                                }),
                 threads_.end());
  if (!patient) {
    given_up_ += threads_.size();
    threads_.clear();
  }
  processes_.clear();
  for (const Thread& thread : threads_) {
    if (std::find(processes_.begin(), processes_.end(), thread.pid) == processes_.end())
      processes_.push_back(thread.pid);
  }
  return threads_.empty();
}

}  // namespace pagefault
