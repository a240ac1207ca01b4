#include "capture/births.h"

#include "faults/decode.h"
#include "source/record_source.h"

namespace pagefault {

Births::Births(const std::vector<Ring>& rings, const Formats& formats) : formats_(formats) {
  for (const Ring& ring : rings) readers_.push_back(ring.Reader());
}

void Births::Read() {
  Record record;
  for (Ring& ring : readers_) {
    ring.LoadHead();
    RingSource records(&ring, &formats_.events);
    for (RawRecord raw; records.Peek(&raw); records.Pop()) {
      if (Load<uint32_t>(raw.bytes) != PERF_RECORD_FORK || !Decode(raw, formats_, &record))
        continue;
      const bool told = raw.event->kind != EventKind::kTasks;
      by_parent_[record.ptid].emplace(record.time, record.tid);
      Birth& birth = by_tid_[record.tid];
      // One birth may have two records, of which one tells the poller.
      if (birth.time > record.time || (birth.time == record.time && birth.told)) continue;
      birth = {record.pid, record.ppid, record.ptid, record.time, told};
    }
  }
}

const Births::Birth* Births::Find(uint32_t tid) const {
  const auto found = by_tid_.find(tid);
  return found == by_tid_.end() ? nullptr : &found->second;
}

uint32_t Births::FirstOf(uint32_t parent_tid, uint64_t time) const {
  const auto found = by_parent_.find(parent_tid);
  if (found == by_parent_.end()) return 0;
  const auto first = found->second.upper_bound(time);
  return first == found->second.end() ? 0 : first->second;
}

}  // namespace pagefault
