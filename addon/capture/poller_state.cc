// What other threads ask of a poller.

#include <algorithm>
#include <utility>

#include "capture/pending.h"
#include "capture/poller.h"

namespace pagefault {

PollerCounters Poller::counters() {
  std::lock_guard<std::mutex> lock(mutex_);
  return published_;
}

EventSet::Totals Poller::Count() {
  std::lock_guard<std::mutex> lock(mutex_);
  EventSet::Totals totals = events_.Count();
  if (windows_.used()) {
    // Events were not always on. What the kernel says of threads is all.
    totals.minor = spent_.minor;
    totals.lost_minor = 0;
  }
  const PairCounters& pair = published_.pair;
  totals.major -= std::min(totals.major, pair.duplicate_major + pair.left_out_major + cut_major_);
  totals.minor -= std::min(totals.minor, pair.duplicate_minor + pair.left_out_minor + cut_minor_);
  // The kernel counts the lost address-space records of the minor event among its losses; no more
  // faults are lost than are missing.
  totals.lost_minor =
      std::min(totals.lost_minor, totals.minor - std::min(totals.minor, pair.minor));
  totals.lost_major =
      std::min(totals.lost_major, totals.major - std::min(totals.major, pair.major));
  return totals;
}

size_t Poller::descriptors() {
  std::lock_guard<std::mutex> lock(mutex_);
  return events_.descriptors();
}

size_t Poller::threads_now() {
  std::lock_guard<std::mutex> lock(mutex_);
  return pairer_.threads().size();
}

std::vector<PendingFault> Poller::Pending() {
  return finished_ ? left_open_ : FindPending(events_.programs(), pairer_, start_, as_of_);
}

std::vector<PendingFault> Poller::pending(size_t max) {
  std::vector<PendingFault> found;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    found = Pending();
  }
  KeepOldest(&found, max);
  return found;
}

void Poller::CopyPending(uint8_t* out) {
  std::vector<PendingFault> found;
  uint64_t as_of;
  bool holds;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    found = Pending();
    as_of = as_of_ > start_ ? as_of_ - start_ : 0;
    // Under the lock: a pass would add to the mailbox what is not in `found`.
    holds = mailbox_.holds();
  }
  PutPending(std::move(found), as_of, holds, out);
}

std::vector<Notice> Poller::notices() {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<Notice> notices = notices_;
  if (more_notices_ > 0 && stopping_) {
    notices.push_back({"CREDENTIALS_MORE", 0, std::to_string(more_notices_)});
  }
  return notices;
}

size_t Poller::unwatched_cpus() {
  std::lock_guard<std::mutex> lock(mutex_);
  return events_.unwatched_cpus();
}

}  // namespace pagefault
