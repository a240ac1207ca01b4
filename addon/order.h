// Time order across rings. Records of one ring are in order; between rings the earliest goes first.
//
// A record can be missing from a ring although a later one of another ring is there already, so
// nothing is handed on that is newer than the horizon: the time at which the previous pass began.
// By then every writer has long finished. Records beyond the horizon stay where they are, in the
// ring: nothing is copied and nothing is sorted.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "decode.h"
#include "ring.h"

namespace pagefault {

class Merger {
 public:
  // Hands every record up to and including `horizon` (raw clock) to sink(bytes, length, now) in
  // time order; `now` is the latest time handed on so far and never goes back. The heads must have
  // been loaded, before `loaded`. A record older than one already handed on goes out at once and is
  // counted in `late`. So does a record from after `loaded`, uncounted: its stamp is of another
  // clock (SampleLayout tells how), and waiting for that time would block its ring until it
  // overflows.
  template <typename Sink>
  void Drain(std::vector<Ring>& rings, const SampleLayout& layout, uint64_t horizon,
             uint64_t loaded, Sink&& sink) {
    heap_.clear();
    loaded_ = loaded;
    for (uint32_t i = 0; i < rings.size(); i++) Push(rings, i, layout, horizon);
    while (!heap_.empty()) {
      std::pop_heap(heap_.begin(), heap_.end(), Later);
      const Head head = heap_.back();
      heap_.pop_back();
      Run(rings[head.ring], layout, Until(head.ring, horizon), sink);
      Push(rings, head.ring, layout, horizon);
    }
  }

  uint64_t late() const { return late_; }

 private:
  struct Head {
    uint64_t time;
    uint32_t ring;
  };
  static bool Later(const Head& a, const Head& b) {
    // Ties go by CPU, so that the order is the same in every run.
    return a.time != b.time ? a.time > b.time : a.ring > b.ring;
  }

  // Up to which time a ring's records go before the next ring's first.
  uint64_t Until(uint32_t ring, uint64_t horizon) const {
    if (heap_.empty()) return horizon;
    const Head& next = heap_.front();
    // Not 0 - 1: the ring whose turn it is came before `next`, at 0 by its lower number.
    return std::min(horizon, next.ring < ring ? next.time - 1 : next.time);
  }
  uint64_t TimeOf(const uint8_t* bytes, size_t length, const SampleLayout& layout) const {
    const uint64_t time = RecordTime(bytes, length, layout);
    return time > loaded_ ? last_ : time;
  }

  // Space is given back while a long pass is under way, not only at its end: a storm fills it
  // meanwhile.
  static constexpr uint32_t kPublishEvery = 2048;

  template <typename Sink>
  void Run(Ring& ring, const SampleLayout& layout, uint64_t until, Sink&& sink) {
    size_t length;
    bool first = true;
    while (const uint8_t* bytes = ring.Peek(&length)) {
      const uint64_t time = TimeOf(bytes, length, layout);
      if (!first && time > until) return;
      first = false;
      if (time < last_) {
        late_++;
      } else {
        last_ = time;
      }
      sink(bytes, length, last_);
      ring.Pop();
      if (++since_publish_ >= kPublishEvery) {
        since_publish_ = 0;
        ring.Publish();
      }
    }
  }

  void Push(std::vector<Ring>& rings, uint32_t i, const SampleLayout& layout, uint64_t horizon) {
    size_t length;
    const uint8_t* bytes = rings[i].Peek(&length);
    if (bytes == nullptr) return;
    const uint64_t time = TimeOf(bytes, length, layout);
    if (time > horizon) return;
    heap_.push_back({time, i});
    std::push_heap(heap_.begin(), heap_.end(), Later);
  }

  std::vector<Head> heap_;
  uint64_t last_ = 0;
  uint64_t loaded_ = 0;
  uint64_t late_ = 0;
  uint32_t since_publish_ = 0;
};

}  // namespace pagefault
