// Bytes of one perf record -> a Record. Pure: no system calls, no state but the tables given to it.
//
// The record formats are those of perf_event_open(2), "mmap layout"; the raw part of a tracepoint
// is laid out as its `format` file in tracefs says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "events.h"

namespace pagefault {

// Where a field lies in a tracepoint's raw data. size 0: not there.
struct Field {
  uint16_t offset = 0;
  uint16_t size = 0;
};

struct TracepointFormat {
  uint64_t id = 0;          // 0: not to be had
  Field thread;             // common_pid
  Field field[kMaxFields];  // those of the event's row
};

// How the samples of a session are laid out: identifier, [ip], [thread], time, what the event has.
//
// Every field costs the target some 30 ns per sample, the thread (which the kernel translates into
// our pid namespace) 80 ns. So samples of tracepoints do without it where their raw data has the
// same number (common_pid: that of the initial namespace), and none samples registers.
//
// The software events are told apart by their size, because their identifier cannot be trusted: the
// kernel fills in one perf_sample_data for all events that a fault triggers (do_perf_sw_event,
// kernel/events/core.c), so where another perf session watches the same thread our record may carry
// that session's identifier and time stamp. Seen on 6.18: with two sessions on one process all
// completions of the first had the ids of the second. kMinor ends behind the address, kMajor has
// PERF_SAMPLE_CPU behind it, kEntryAny PERF_SAMPLE_CPU and PERF_SAMPLE_PERIOD. A tracepoint's
// sample without thread is longer than the first two: that of a sys_exit, the shortest, has 56
// bytes.
struct SampleLayout {
  bool with_ip = false;        // PERF_SAMPLE_IP (software entry mode)
  bool tracepoint_tid = true;  // PERF_SAMPLE_TID in samples of tracepoints; always set with_ip
  size_t tid_offset() const { return with_ip ? 24 : 16; }
  // By the sample's length, so that its time can be found before its event is known.
  size_t time_offset(size_t length) const { return payload_offset(length) - 8; }
  size_t payload_offset(size_t length) const {
    return has_tid(length) ? software_payload() : software_payload() - 8;
  }
  bool has_tid(size_t length) const { return tracepoint_tid || length <= major_size(); }
  size_t software_payload() const { return with_ip ? 40 : 32; }
  size_t minor_size() const { return software_payload() + 8; }
  size_t major_size() const { return software_payload() + 16; }
  size_t entry_size() const { return software_payload() + 24; }
};

// The events of a session by the id that every record carries.
class EventTable {
 public:
  struct Entry {
    EventKind kind = EventKind::kNone;
    // Thread whose descriptor this is: records of inherited events carry the id of the descriptor
    // they descend from. 0: opened for all threads of a CPU.
    uint32_t root = 0;
  };
  void Add(uint64_t id, EventKind kind, uint32_t root);
  // The event is closed, and no record of it is left in any ring.
  void Remove(uint64_t id);
  const Entry& Find(uint64_t id) const {
    const uint64_t index = id - base_;
    if (index < dense_.size()) return dense_[index];
    return FindSparse(id);
  }

 private:
  const Entry& FindSparse(uint64_t id) const;
  // The kernel numbers events consecutively, so almost all ids lie in one short range.
  static constexpr uint64_t kMaxSpan = 1 << 20;
  uint64_t base_ = 0;
  std::vector<Entry> dense_;
  std::unordered_map<uint64_t, Entry> sparse_;
  Entry none_;
};

struct Formats {
  SampleLayout layout;
  EventTable events;
  TracepointFormat tracepoints[kEventKinds];

  const TracepointFormat& Of(EventKind kind) const {
    return tracepoints[static_cast<size_t>(kind)];
  }
  TracepointFormat& Of(EventKind kind) { return tracepoints[static_cast<size_t>(kind)]; }
};

struct Record {
  RecordKind kind;
  EventKind event;
  bool user_mode;  // cpumode of the record's header
  bool borrowed;   // identifier and time are another perf session's (SampleLayout)
  bool exec;       // COMM
  bool shared;     // MMAP
  uint32_t root;
  uint32_t pid, tid;  // pid 0: not told (SampleLayout)
  uint64_t time;
  uint64_t address;  // faults; start of a mapping
  uint64_t ip;
  uint64_t error_code;
  uint64_t stack_pointer;  // kThreadStart; 0 = not sampled
  uint64_t
      argument[kMaxFields];  // the fields of a tracepoint's row; argument[0] of an exit: result
  uint64_t length, pgoff;    // mappings, bytes
  uint64_t ino;
  uint32_t dev_major, dev_minor, prot, flags;
  uint32_t ppid, ptid;  // FORK
  uint64_t lost;
  uint8_t signal, signal_code;
  const char* name;  // points into the record
  size_t name_length;
};

// Time of any record with sample_id_all or of a sample, without decoding it. 0 when it is too
// short.
uint64_t RecordTime(const uint8_t* bytes, size_t length, const SampleLayout& layout);

// Decodes one record; `length` is its header's size. False when a field would lie outside of it.
bool Decode(const uint8_t* bytes, size_t length, const Formats& formats, Record* out);

}  // namespace pagefault
