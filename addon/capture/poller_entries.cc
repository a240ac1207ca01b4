// From where entries come (Poller).

#include "capture/poller.h"
#include "util/error.h"

namespace pagefault {

void Poller::MoveEntries(uint64_t now) {
  std::vector<Fd> over;  // closed when nobody waits for us
  std::lock_guard<std::mutex> lock(mutex_);
  const PairCounters& seen = published_.pair;
  const uint64_t ended = entry_move_.ended();
  const int error = entry_move_.Next(seen.minor + seen.major + seen.unresolved, now, &over);
  if (error != 0) notices_.push_back({"ENTRIES_STAY", error, ErrnoText(error)});
  if (entry_move_.ended() == ended) return;
  pairer_.EntriesApartUntil(entry_move_.ended());
  notices_.push_back({"ENTRIES_MOVED", 0, ""});
}

}  // namespace pagefault
