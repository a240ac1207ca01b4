// The opened events by the id that every record carries: kind by identity, layout by attribute.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "perf/events.h"
#include "perf/sample_layout.h"

namespace pagefault {

class EventIds {
 public:
  struct Entry {
    // Thread whose descriptor this is: records of inherited events carry the id of the descriptor
    // they descend from. 0: opened for all threads of a CPU.
    uint32_t root = 0;
    EventKind kind = EventKind::kNone;
    // Told by its shape: identifier and time stamp are another perf session's.
    bool borrowed = false;
    SampleLayout layout;
  };

  void Add(uint64_t id, EventKind kind, uint32_t root, const SampleLayout& layout);
  // The event is closed, and no record of it is left in any ring.
  void Remove(uint64_t id);

  // The software events of a session are told by the shape of their samples where the identifier
  // is not one of ours. It cannot be trusted: the kernel fills in one perf_sample_data for all
  // events that a fault triggers (do_perf_sw_event, kernel/events/core.c), so where another perf
  // session watches the same thread our record may carry that session's identifier and time stamp.
  // Seen on 6.18: with two sessions on one process all completions of the first had the ids of the
  // second. Its length cannot be trusted either: what varies in samples of that session, a call
  // chain or a stack, is room in ours that nothing is written to (perf_sample_data_size). So these
  // events have data sources, which are the same number in all samples of software events, at a
  // place of its own for each of them, where others have something that is never that number. Those
  // with a call chain are as long as its count says, those with a stack at least as its size does.
  // The layout of the first that is added serves for all other records of unknown events.
  void AddBorrowed(EventKind kind, const SampleLayout& layout);

  const Entry& Find(uint64_t id) const {
    const uint64_t index = id - base_;
    if (index < dense_.size() && dense_[index].kind != EventKind::kNone) return dense_[index];
    return FindSparse(id);
  }
  // The event of a record, at least a header long.
  const Entry& Of(const uint8_t* bytes, size_t length) const {
    if (length < kRecordHeader + 8) return none_;
    if (!IsSample(bytes)) return Find(Load<uint64_t>(bytes + length - 8));
    const Entry& entry = Find(Load<uint64_t>(bytes + kRecordHeader));
    return entry.kind != EventKind::kNone ? entry : ByShape(bytes, length);
  }

 private:
  const Entry& FindSparse(uint64_t id) const;
  const Entry& ByShape(const uint8_t* bytes, size_t length) const;
  // The kernel numbers events consecutively, so almost all ids lie in one short range.
  static constexpr uint64_t kMaxSpan = 1 << 20;
  uint64_t base_ = 0;
  std::vector<Entry> dense_;
  std::unordered_map<uint64_t, Entry> sparse_;
  std::vector<Entry> borrowed_;
  Entry none_;
};

}  // namespace pagefault
