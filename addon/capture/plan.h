// Which events a session uses, and with what rights.
#pragma once

#include <memory>
#include <vector>

#include "bpf/programs.h"
#include "capture/notice.h"
#include "faults/decode.h"
#include "perf/perf_event.h"
#include "util/fd.h"

namespace pagefault {

// User call chains of faults.
struct StackOptions {
  bool wanted = false;
  bool copied = false;  // registers and stacks are copied, else chains made by frame pointers
  uint32_t every = 0;   // with every how manyth fault; 0: as the budget allows
  uint32_t budget = 0;  // stacks a second
};

// Where entries and completions come from. Without one that is asked for, the first that can be
// had; programs where all processes of each CPU are watched.
enum class Engine : uint8_t { kBest, kBpf, kTracepoint, kSoftware };

struct PlanOptions {
  Engine engine = Engine::kBest;
  bool children = true;  // are followed too
  bool on_exec = false;  // events start with the exec
  uint32_t every = 1;    // so manyth minor fault has a record; only with Engine::kBpf
  bool budget = false;   // that changes, so as to keep what it costs; as well
  bool whole = false;    // all processes of each CPU or of a cgroup, and not threads
  StackOptions stacks;
  BpfOptions bpf;
};

// What this kernel gives this user, found out by opening events on ourselves: so a refusal says
// something about rights in general, not about the target.
//
// Fills plan and formats, and where programs capture `programs`. Throws SystemError EPERM_PARANOID
// or EPERM when nothing can be opened, NO_ENGINE when the one that is asked for cannot be had.
// `held` keeps the probes of tracepoints open: to close the last event of a tracepoint takes the
// kernel some 35 ms, so they are to be closed only when the session's own events are there.
Plan MakePlan(const PlanOptions& options, Formats* formats, std::vector<Notice>* notices,
              std::vector<Fd>* held, std::unique_ptr<BpfPrograms>* programs);

}  // namespace pagefault
