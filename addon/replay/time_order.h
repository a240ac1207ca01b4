// Records of a recording into the order of their times. perf writes them ring by ring, in rounds:
// none of a round is older than the newest of the round before the last (queue_event and
// perf_event__process_finished_round, tools/perf/util/ordered-events.c and session.c).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "source/record_source.h"

namespace pagefault {
namespace perfdata {

class TimeOrder {
 public:
  // There is a record of this time.
  void Note(uint64_t time) {
    newest_ = std::max(newest_, time);
    // Those that the recorder made up of /proc, from before its capture, have none.
    if (time > 0) oldest_ = std::min(oldest_, time);
  }
  // Keeps a copy of a record, whose event stays where it is.
  void Add(const RawRecord& record) {
    Note(record.time);
    items_.push_back(
        {record.time, bytes_.size(), static_cast<uint32_t>(record.length), record.event});
    bytes_.insert(bytes_.end(), record.bytes, record.bytes + record.length);
  }
  // The oldest time so far, 0 where there is none. Nothing is handed on before one is known.
  uint64_t oldest() const { return oldest_ == UINT64_MAX ? 0 : oldest_; }
  // Of recorders that write no rounds the records are in order, or nearly so.
  bool crowded() const { return bytes_.size() >= kMost; }

  // A round has ended: hands on what no later one can go before.
  template <typename Sink>
  void EndRound(Sink&& sink) {
    if (limit_ > 0) Flush(limit_, sink);
    limit_ = newest_;
  }
  // Hands on the older half of what is held.
  template <typename Sink>
  void MakeRoom(Sink&& sink) {
    std::vector<uint64_t> times;
    times.reserve(items_.size());
    for (const Item& item : items_) times.push_back(item.time);
    const auto middle = times.begin() + static_cast<ptrdiff_t>(times.size() / 2);
    std::nth_element(times.begin(), middle, times.end());
    Flush(*middle, sink);
  }
  // Hands on everything.
  template <typename Sink>
  void End(Sink&& sink) {
    Flush(UINT64_MAX, sink);
  }

 private:
  static constexpr size_t kMost = 16 << 20;  // bytes
  struct Item {
    uint64_t time;
    size_t offset;
    uint32_t length;
    const EventIds::Entry* event;
  };

  template <typename Sink>
  void Flush(uint64_t limit, Sink&& sink) {
    const auto due = [limit](const Item& item) { return item.time <= limit; };
    const auto rest = std::stable_partition(items_.begin(), items_.end(), due);
    std::stable_sort(items_.begin(), rest,
                     [](const Item& a, const Item& b) { return a.time < b.time; });
    for (auto item = items_.begin(); item != rest; ++item) {
      sink(RawRecord{bytes_.data() + item->offset, item->length, item->time, item->event});
    }
    std::vector<uint8_t> kept;
    std::vector<Item> left(rest, items_.end());
    for (Item& item : left) {
      const uint8_t* from = bytes_.data() + item.offset;
      item.offset = kept.size();
      kept.insert(kept.end(), from, from + item.length);
    }
    bytes_.swap(kept);
    items_.swap(left);
  }

  std::vector<uint8_t> bytes_;
  std::vector<Item> items_;
  uint64_t oldest_ = UINT64_MAX;
  uint64_t newest_ = 0;
  uint64_t limit_ = 0;
};

}  // namespace perfdata
}  // namespace pagefault
