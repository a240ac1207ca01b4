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
      const bool told = raw.event->kind == EventKind::kMinor;
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

}  // namespace pagefault
