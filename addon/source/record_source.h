// Where records come from. A source is a class that hands them out in the order of their time:
//
//   bool Peek(RawRecord* out);  the next one, whose bytes stay until Pop; false: none for now
//   void Pop();
//   void Release();             what was popped may be overwritten
//
// Merger and what lies behind it are told no more. The classes are known to the compiler: a call
// per record and source through a table of functions would be felt.
#pragma once

#include <cstddef>
#include <cstdint>

#include "perf/event_ids.h"
#include "source/ring.h"

namespace pagefault {

struct RawRecord {
  const uint8_t* bytes;
  size_t length;  // its header's size
  uint64_t time;  // 0 when it is too short to have one
  const EventIds::Entry* event;
};

// Of a sample whose time lies behind its call chain.
inline uint64_t TimeBehindChain(const SampleLayout& layout, const uint8_t* bytes, size_t length) {
  SampleParts parts;
  if (!FindParts(layout, bytes, length, &parts) || parts.raw_size < 8) return 0;
  return Load<uint64_t>(parts.raw);
}

// Time of a record, at least a header long, whose event is known, without decoding it.
inline RawRecord Identify(const EventIds::Entry& event, const uint8_t* bytes, size_t length) {
  const SampleLayout& layout = event.layout;
  const uint8_t part = IsSample(bytes) ? layout.time : layout.trailer_time;
  const size_t need = IsSample(bytes) ? size_t{part} + 8 : kRecordHeader + layout.trailer;
  if (part == 0 || length < need) {
    const bool behind = layout.time_in_raw && layout.callchain && IsSample(bytes);
    return {bytes, length, behind ? TimeBehindChain(layout, bytes, length) : 0, &event};
  }
  const size_t at = IsSample(bytes) ? part : length - part;
  return {bytes, length, Load<uint64_t>(bytes + at), &event};
}

inline RawRecord Identify(const EventIds& events, const uint8_t* bytes, size_t length) {
  return Identify(events.Of(bytes, length), bytes, length);
}

// The records of one perf ring.
class RingSource {
 public:
  RingSource(Ring* ring, const EventIds* events) : ring_(ring), events_(events) {}

  bool Peek(RawRecord* out) {
    size_t length;
    const uint8_t* bytes = ring_->Peek(&length);
    if (bytes == nullptr) return false;
    *out = Identify(*events_, bytes, length);
    // What says that samples without a time of their own were lost has none either.
    if (out->time == 0) out->time = last_;
    last_ = out->time;
    return true;
  }
  void Pop() { ring_->Pop(); }
  void Release() { ring_->Publish(); }

 private:
  Ring* ring_;
  const EventIds* events_;
  uint64_t last_ = 0;
};

}  // namespace pagefault
