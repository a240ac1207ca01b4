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
#include "source/tournament.h"

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
    loaded_ = loaded;
    horizon_ = horizon;
    heads_.resize(sources.size());
    order_.Begin(sources.size());
    for (uint32_t i = 0; i < sources.size(); i++) order_.Set(i, Look(sources[i], &heads_[i]));
    order_.Play();
    uint32_t before = UINT32_MAX;
    while (order_.time() != Tournament::kNone) {
      const uint32_t first = order_.first();
      // One that is first twice may be so for long: it is alone at work, or has more to say.
      const bool again = first == before;
      before = first;
      order_.Replace(again ? Run(sources[first], &heads_[first], order_.Until(), sink)
                           : HandOn(sources[first], &heads_[first], sink));
    }
  }

  uint64_t late() const { return late_; }

 private:
  uint64_t TimeOf(const RawRecord& record) const {
    return record.time > loaded_ ? last_ : record.time;
  }

  // The source's next record, and its time; kNone where it has none that may go out.
  template <typename Source>
  uint64_t Look(Source& source, RawRecord* head) const {
    if (!source.Peek(head)) return Tournament::kNone;
    const uint64_t time = TimeOf(*head);
    return time > horizon_ ? Tournament::kNone : std::min(time, Tournament::kNone - 1);
  }

  // Space is given back while a long pass is under way, not only at its end: a storm fills it
  // meanwhile.
  static constexpr uint32_t kReleaseEvery = 2048;

  // Hands on what has been looked at, and looks at the next one.
  template <typename Source, typename Sink>
  uint64_t HandOn(Source& source, RawRecord* head, Sink&& sink) {
    const uint64_t time = TimeOf(*head);
    if (time < last_) {
      late_++;
    } else {
      last_ = time;
    }
    sink(*head, last_);
    source.Pop();
    if (++since_release_ >= kReleaseEvery) {
      since_release_ = 0;
      source.Release();
    }
    return Look(source, head);
  }

  // The same of all up to `until`.
  template <typename Source, typename Sink>
  uint64_t Run(Source& source, RawRecord* head, uint64_t until, Sink&& sink) {
    uint64_t next;
    do {
      next = HandOn(source, head, sink);
    } while (next <= until && next != Tournament::kNone);
    return next;
  }

  Tournament order_;
  std::vector<RawRecord> heads_;  // of each source the next one, as it was looked at
  uint64_t last_ = 0;
  uint64_t horizon_ = 0;
  uint64_t loaded_ = 0;
  uint64_t late_ = 0;
  uint32_t since_release_ = 0;
};

}  // namespace pagefault
