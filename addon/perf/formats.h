// How the records of a session are read: the raw part of a tracepoint is laid out as its `format`
// file in tracefs says, the rest as the events' attributes do.
#pragma once

#include <cstddef>
#include <cstdint>

#include "perf/event_ids.h"
#include "perf/events.h"

namespace pagefault {

// TASK_COMM_LEN: the size of the field that is the name of a thread.
constexpr uint16_t kCommSize = 16;

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

struct Formats {
  EventIds events;
  TracepointFormat tracepoints[kEventKinds];
  // Mappings may have a build id in the place of device and inode. Not asked for by us: without
  // those their names could not be told apart from others.
  bool build_ids = false;
  // Faults come finished by BPF programs, those that ended in a signal among them: no completion is
  // missing, whatever records are lost.
  bool finished = false;
  bool sampled = false;  // the minor ones not each

  const TracepointFormat& Of(EventKind kind) const {
    return tracepoints[static_cast<size_t>(kind)];
  }
  bool sees_signals() const { return finished || Of(EventKind::kSignal).id != 0; }
  TracepointFormat& Of(EventKind kind) { return tracepoints[static_cast<size_t>(kind)]; }
};

}  // namespace pagefault
