// A recording -> batches, as a capture makes them: what lies between is the decoder, task tracker
// and assembler of the rings.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "faults/pair.h"
#include "replay/event_table.h"
#include "replay/fault_times.h"
#include "replay/record_file.h"
#include "replay/time_order.h"
#include "wire/mailbox.h"

namespace pagefault {
namespace perfdata {

// Whom a replay tells.
class ReplaySink {
 public:
  virtual ~ReplaySink() = default;
  // What the recording is, before its first batch. False ends the replay, as with the next.
  virtual bool OnHead(const std::string& facts) = 0;
  // Of a recording of ours: a fact of it, before its first batch unless it comes through a pipe.
  virtual bool OnFact(const std::string& text) = 0;
  // All has been told that is needed before the first fault. How large the recording is, and what
  // of it is passed over.
  virtual bool OnBegin(const std::string& facts) = 0;
  // In the layout of wire/batch.h.
  virtual bool OnBatch(const uint8_t* batch) = 0;
};

// Where a recording is entered: what changes maps and tasks is told from its start on, faults from
// so many before a time on. Of a pipe all are.
struct Entrance {
  uint64_t to = 0;    // ns since the recording's start
  uint64_t most = 0;  // faults; 0: at the start
};

class Replay {
 public:
  Replay(int fd, ReplaySink* sink, const Entrance& entrance = {});

  // To the end of the recording, or to what cannot be read. Trouble that ends it early, or kNone.
  Trouble Run();
  // errno of kUnreadable.
  int error() const { return file_.error(); }
  // What was counted on the way, one "name number" a line.
  std::string Counters() const;

 private:
  // The events are known: tells of them. False where there is nothing to look for.
  bool Begin();
  bool Take(const uint8_t* bytes, size_t length);
  bool IsPassedOver(const RawRecord& record) const;
  void TakeLostSamples(const RawRecord& record);
  // Tells of the build id of a mapped file, of which each is told once. False where nobody listens.
  bool TellBuildId(const std::string& path, const std::string& id);
  bool TakeBuildId(const uint8_t* bytes, size_t length);
  void Consume(RawRecord record);
  // Goes through a file once before: counts its faults, and takes out of a recording of ours what
  // lies anywhere in it and is needed from the first batch on: facts, and what was there before the
  // session's start. False where nobody listens.
  bool LookAhead();
  bool TakeBeginning(const RawRecord& record, size_t* told);
  std::string BeginFacts() const;
  // A record of a recording of ours.
  bool ConsumeOwn(const RawRecord& record);
  bool ConsumeNote(const RawRecord& record);
  bool ReadRow(const RawRecord& record, RecordRow* out) const;
  // Hands on what is ready. `all`: also what could wait.
  void Deliver(bool all);
  // Hands on the batches that are full, or ended. False where nobody listens.
  bool Send();
  std::string HeadFacts() const;

  const int fd_;
  RecordFile file_;
  ReplaySink* sink_;
  const Entrance entrance_;
  FaultTimes faults_;
  uint64_t passed_over_ = 0;  // faults before this time
  uint64_t begins_ns_ = 0;    // the same from the recording's start
  Formats formats_;
  EventTable events_;
  TimeOrder order_;
  Mailbox mailbox_;
  std::unique_ptr<Pairer> pairer_;
  std::unique_ptr<uint8_t[]> batch_;
  Trouble trouble_ = Trouble::kNone;
  bool begun_ = false;
  bool left_ = false;  // nobody listens any more
  uint64_t start_ = 0;
  uint64_t origin_ = 0;  // ns from the session's start to ours, from which times in rows count
  uint64_t now_ = 0;     // time of the newest that was handed on
  uint64_t seen_ = 0;    // time of the last that was read
  uint64_t stamps_ = 0;  // given to samples without a time
  uint64_t malformed_ = 0;
  uint64_t own_minor_ = 0, own_major_ = 0, own_unresolved_ = 0, own_lost_ = 0;
  uint32_t since_delivery_ = 0;
  uint64_t delivered_at_ = 0;   // time of the record
  std::string last_fact_;       // of those for which there is no room
  std::set<std::string> told_;  // files whose build ids have been told
  // Of PERF_RECORD_LOST_SAMPLES, which are exact; false where the recorder wrote none.
  bool lost_known_ = false;
  uint64_t lost_minor_ = 0, lost_major_ = 0;
};

// Name of a trouble, as src/core/facts has it.
const char* NameOf(Trouble trouble);

}  // namespace perfdata
}  // namespace pagefault
