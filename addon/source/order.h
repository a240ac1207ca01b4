// Time order across sources (rings). Records of one source are in order; between sources the
// earliest goes first.
//
// A record can be missing from a ring although a later one of another ring is there already, so
// nothing is handed on that is newer than the horizon: the time at which the previous pass began.
// By then every writer has long finished. Records beyond the horizon stay where they are, in the
// ring: nothing is copied and nothing is sorted.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "source/record_source.h"

namespace pagefault {

class Merger {
 public:
  // Hands every record up to and including `horizon` (raw clock) to sink(record, now) in time
  // order; `now` is the latest time handed on so far and never goes back. What the sources hold
  // was there before `loaded`. A record older than one already handed on goes out at once and is
  // counted in `late`. So does a record from after `loaded`, uncounted: its stamp is of another
  // clock (EventIds tells how), and waiting for that time would block its ring until it overflows.
  template <typename Source, typename Sink>
  void Drain(std::vector<Source>& sources, uint64_t horizon, uint64_t loaded, Sink&& sink) {
    heap_.clear();
    loaded_ = loaded;
    for (uint32_t i = 0; i < sources.size(); i++) Push(sources, i, horizon);
    while (!heap_.empty()) {
      std::pop_heap(heap_.begin(), heap_.end(), Later);
      const Head head = heap_.back();
      heap_.pop_back();
      Run(sources[head.source], Until(head.source, horizon), sink);
      Push(sources, head.source, horizon);
    }
  }

  uint64_t late() const { return late_; }

 private:
  struct Head {
    uint64_t time;
    uint32_t source;
  };
  static bool Later(const Head& a, const Head& b) {
    // Ties go by place (CPU), so that the order is the same in every run.
    return a.time != b.time ? a.time > b.time : a.source > b.source;
  }

  // Up to which time a source's records go before the next source's first.
  uint64_t Until(uint32_t source, uint64_t horizon) const {
    if (heap_.empty()) return horizon;
    const Head& next = heap_.front();
    // Not 0 - 1: the source whose turn it is came before `next`, at 0 by its lower number.
    return std::min(horizon, next.source < source ? next.time - 1 : next.time);
  }
  uint64_t TimeOf(const RawRecord& record) const {
    return record.time > loaded_ ? last_ : record.time;
  }

  // Space is given back while a long pass is under way, not only at its end: a storm fills it
  // meanwhile.
  static constexpr uint32_t kReleaseEvery = 2048;

  template <typename Source, typename Sink>
  void Run(Source& source, uint64_t until, Sink&& sink) {
    RawRecord record;
    bool first = true;
    while (source.Peek(&record)) {
      const uint64_t time = TimeOf(record);
      if (!first && time > until) return;
      first = false;
      if (time < last_) {
        late_++;
      } else {
        last_ = time;
      }
      sink(record, last_);
      source.Pop();
      if (++since_release_ >= kReleaseEvery) {
        since_release_ = 0;
        source.Release();
      }
    }
  }

  template <typename Source>
  void Push(std::vector<Source>& sources, uint32_t i, uint64_t horizon) {
    RawRecord record;
    if (!sources[i].Peek(&record)) return;
    const uint64_t time = TimeOf(record);
    if (time > horizon) return;
    heap_.push_back({time, i});
    std::push_heap(heap_.begin(), heap_.end(), Later);
  }

  std::vector<Head> heap_;
  uint64_t last_ = 0;
  uint64_t loaded_ = 0;
  uint64_t late_ = 0;
  uint32_t since_release_ = 0;
};

}  // namespace pagefault
