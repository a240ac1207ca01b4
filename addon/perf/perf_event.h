// One perf event: its attribute, opening, reading.
#pragma once

#include <linux/perf_event.h>
#include <sys/types.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "perf/formats.h"
#include "util/patience.h"

namespace pagefault {

// How the events of a session are opened.
struct Plan {
  bool tracepoints = false;  // entry records with error code
  bool bpf = false;          // BPF programs finish the faults
  std::string bpf_refused;   // why not, where that was tried and is not what was asked for
  bool apart = false;        // of these, too, entries have records of their own (EntryMove)
  uint32_t every = 1;        // so manyth minor fault has a record, the others are counted
  bool budget = false;       // that changes
  double around_ns = 0;      // with a budget: MeasureAround()
  bool syscall_tracepoints = false;
  bool user_only = false;    // exclude_kernel
  bool format_lost = false;  // PERF_FORMAT_LOST, Linux 6.0
  bool sample_ip = false;    // PERF_SAMPLE_IP: software events instead of tracepoints for entries
  bool sample_tid = true;    // PERF_SAMPLE_TID in samples of tracepoints
  int cgroup = -1;           // descriptor of the directory whose processes events of CPUs are for
  bool inherit = true;
  bool threads_only = false;  // inherit_thread: new threads yes, children no (Linux 5.13)
  bool on_exec = false;       // events start with the exec
  bool makers = false;        // what makes mappings has call chains
  uint32_t stack_every =
      1;  // of kStack or kStackCopy the period, where one is opened; else as programs count
  uint32_t stack_budget = 0;  // stacks a second that it is changed for; 0: it stays
  uint32_t maker_every = 1;   // the same of the copies of who makes mappings
  uint32_t maker_budget = 0;
  std::vector<EventKind> per_thread;  // in the order in which they are opened
  std::vector<EventKind> per_cpu;     // opened for all threads of each CPU

  // From now on.
  void LeaveEntriesToPrograms() {
    apart = false;
    per_thread = {EventKind::kMajor, EventKind::kMinor};
  }
  bool copies_stacks() const {
    const auto has = [](const std::vector<EventKind>& kinds) {
      return std::any_of(kinds.begin(), kinds.end(), IsCopy);
    };
    return has(per_thread) || has(per_cpu);
  }
};

// Its completions are switched on when a BPF program has been set on them.
bool WaitsForProgram(EventKind kind, const Plan& plan);

// How its samples are laid out.
SampleLayout LayoutOf(EventKind kind, const Plan& plan, const Formats& formats);

// What the kernel is asked for. Not all of it holds for every thread that it is opened for.
perf_event_attr AttributeOf(EventKind kind, const Plan& plan, const Formats& formats);

// Opens one event. pid/cpu as in perf_event_open(2). Its records go into the ring of `output`, from
// the first on: redirected by ioctl afterwards, the faults in between would be counted by the
// kernel and captured by nobody. -1: no ring. For a thread in the middle of an exec it waits for
// that (exec_update_lock), with `patience` so long and is EINTR then. Returns the descriptor or
// -errno.
int OpenEvent(EventKind kind, const Plan& plan, const Formats& formats, pid_t pid, int cpu,
              int output, uint32_t wakeup_bytes, Patience* patience = nullptr);

// Has the kernel leave out records of the event that would be of no interest.
void FilterInKernel(EventKind kind, int fd);

// The event's id, as its records carry it. Returns 0 or an errno.
int EventId(int fd, uint64_t* id);

// Value and, where the plan has format_lost, lost records of an event. Returns 0 or an errno.
struct EventCount {
  uint64_t value = 0;
  uint64_t lost = 0;
};
int ReadCount(int fd, bool format_lost, EventCount* out);

}  // namespace pagefault
