// The events of a recording: which of ours each is, and which of them made a record.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "perf/event_ids.h"
#include "perf/formats.h"
#include "replay/head.h"

namespace pagefault {
namespace perfdata {

// What the events of a recording can tell.
struct EventFacts {
  bool own = false;          // recorded by us: own_records.h
  bool completions = false;  // faults at all
  bool entries = false;      // with error codes: COW and access
  bool unmaps = false;
  bool signals = false;
  bool user_only = false;
  bool sampled = false;     // not every fault has a record
  bool mixed = false;       // minor and major are one event
  bool untimed = false;     // samples without a time
  bool whole_maps = false;  // mappings without code, too
  bool guessed = false;     // tracepoints told by what their data looks like
  uint64_t strangers = 0;   // samples with another perf session's id
};

class EventTable {
 public:
  // Takes over the events of a head. False where their records cannot be told apart, or have parts
  // of a length that their attributes do not tell.
  bool Build(const Head& head, Formats* formats);

  const EventFacts& facts() const { return facts_; }
  // The event of a record, at least a header long.
  const EventIds::Entry& Of(const uint8_t* bytes, size_t length);

 private:
  struct Event {
    EventIds::Entry entry;
    bool nameless;  // a tracepoint whose format is not in the recording
  };
  void Add(const RecordedEvent& recorded, const Head& head, bool halves);
  void NoteFacts(const perf_event_attr& attr, EventKind kind);
  bool FindIds(const Head& head);
  Event* Find(const uint8_t* bytes, size_t length);
  const EventIds::Entry& Stranger(size_t length);
  void Guess(Event* event, const uint8_t* bytes, size_t length);

  std::vector<Event> events_;
  std::unordered_map<uint64_t, size_t> by_id_;
  // Where the id of a sample lies, from its start; of other records, from their end. 0: nowhere, as
  // there is one event only.
  size_t sample_id_ = 0;
  size_t trailer_id_ = 0;
  Formats* formats_ = nullptr;
  EventIds::Entry none_;
  EventFacts facts_;
};

}  // namespace perfdata
}  // namespace pagefault
