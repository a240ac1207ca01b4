// CPUs that go offline and come back (EventSet).

#include <algorithm>
#include <set>
#include <utility>

#include "capture/event_set.h"

namespace pagefault {

void EventSet::Reopen(size_t cpu_index) {
  std::vector<EventKind> ended;
  std::vector<Event> kept;
  for (Event& event : events_) {
    if (!event.per_cpu || event.cpu_index != cpu_index) {
      kept.push_back(std::move(event));
      continue;
    }
    CountOne(event, &retired_);
    ended.push_back(event.kind);
  }
  // The old ones are closed only when the new ones are there: the last of a tracepoint takes long.
  events_.swap(kept);
  for (EventKind kind : ended) closed_.push_back({kind, cpu_index});
  OpenClosed();
}

size_t EventSet::OpenClosed() {
  const size_t before = closed_.size();
  closed_.erase(std::remove_if(closed_.begin(), closed_.end(),
                               [this](const Closed& closed) {
                                 return OpenInto(closed.kind, -1, closed.cpu_index, 0) == 0;
                               }),
                closed_.end());
  return before - closed_.size();
}

size_t EventSet::ReopenReturned() {
  // Gone again, or no descriptor left: it is tried at every look.
  const size_t late = OpenClosed();
  const std::vector<int> returned = watch_.TakeReturned();
  for (int cpu : returned) {
    const auto found = std::find(cpus_.begin(), cpus_.end(), cpu);
    if (found != cpus_.end()) Reopen(static_cast<size_t>(found - cpus_.begin()));
  }
  if (!returned.empty() && !window_events_.empty()) OpenWindowEvents();
  return late + returned.size();
}

size_t EventSet::unwatched_cpus() const {
  std::set<size_t> without;
  for (const Closed& closed : closed_)
    if (SpecOf(closed.kind).scope == Scope::kThread) without.insert(closed.cpu_index);
  return watch_.unwatched() + without.size();
}

}  // namespace pagefault
