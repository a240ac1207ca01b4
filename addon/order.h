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
  // Hands every record up to and including `horizon` (raw clock) to sink(bytes, length, time) in
  // time order. The heads must have been loaded. A record older than one already handed on goes out
  // at once and is counted in `late`.
  template <typename Sink>
  void Drain(std::vector<Ring>& rings, const SampleLayout& layout, uint64_t horizon, Sink&& sink) {
    heap_.clear();
    for (uint32_t i = 0; i < rings.size(); i++) Push(rings, i, layout, horizon);
    while (!heap_.empty()) {
      std::pop_heap(heap_.begin(), heap_.end(), Later);
      const Head head = heap_.back();
      heap_.pop_back();
      const uint64_t until = heap_.empty() ? horizon : std::min(horizon, heap_.front().time);
      Run(rings[head.ring], layout, until, sink);
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

  // Space is given back while a long pass is under way, not only at its end: a storm fills it
  // meanwhile.
  static constexpr uint32_t kPublishEvery = 2048;

  template <typename Sink>
  void Run(Ring& ring, const SampleLayout& layout, uint64_t until, Sink&& sink) {
    size_t length;
    bool first = true;
    while (const uint8_t* bytes = ring.Peek(&length)) {
      const uint64_t time = RecordTime(bytes, length, layout);
      if (!first && time > until) return;
      first = false;
      if (time < last_) {
        late_++;
      } else {
        last_ = time;
      }
      sink(bytes, length, time);
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
    const uint64_t time = RecordTime(bytes, length, layout);
    if (time > horizon) return;
    heap_.push_back({time, i});
    std::push_heap(heap_.begin(), heap_.end(), Later);
  }

  std::vector<Head> heap_;
  uint64_t last_ = 0;
  uint64_t late_ = 0;
  uint32_t since_publish_ = 0;
};

}  // namespace pagefault
