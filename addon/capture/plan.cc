#include "capture/plan.h"

#include <errno.h>
#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "capture/counting_cost.h"
#include "perf/tracefs.h"
#include "proc/procfs.h"
#include "util/error.h"

namespace pagefault {

namespace {

// kernel.perf_event_paranoid, 2 where it cannot be read.
int Paranoid() {
  FILE* file = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
  if (file == nullptr) return 2;
  int value = 2;
  if (fscanf(file, "%d", &value) != 1) value = 2;
  fclose(file);
  return value;
}

// "exceptions:page_fault_user", as perf list has it.
std::string NameOf(const EventSpec& spec) {
  std::string name = spec.tracepoint;
  std::replace(name.begin(), name.end(), '/', ':');
  return name;
}

class Planner {
 public:
  Planner(Formats* formats, std::vector<Notice>* notices, std::vector<Fd>* held,
          std::unique_ptr<BpfPrograms>* programs)
      : formats_(*formats), notices_(*notices), held_(*held), programs_(*programs) {}

  Plan Make(const PlanOptions& options) {
    plan_.threads_only = !options.children;
    plan_.on_exec = options.on_exec;
    SettleRights();
    plan_.format_lost = true;
    if (Probe(EventKind::kMinor) != 0) plan_.format_lost = false;
    // A thread is met by whatever record of it comes first: each has to tell whose it is.
    plan_.sample_tid = options.whole || !InInitialPidNamespace();
    PlanEngine(options);
    PlanPerCpu();
    if (options.whole) PlanCgroups();
    if (options.stacks.wanted) {
      const bool planned =
          plan_.bpf ? PlanFinishedStacks(options.stacks) : PlanStacks(options.stacks);
      if (planned) PlanMakers(options.stacks);
    }
    for (const auto* kinds : {&plan_.per_thread, &plan_.per_cpu}) {
      for (EventKind kind : *kinds) {
        // What a program writes is its own, with an identifier that can be trusted.
        if (!SpecOf(kind).software() || IsFinished(kind)) continue;
        formats_.events.AddBorrowed(kind, LayoutOf(AttributeOf(kind, plan_, formats_)));
      }
    }
    return plan_;
  }

 private:
  // Kernel-mode faults, then user-mode faults only, then nothing.
  void SettleRights() {
    int error = Probe(EventKind::kMinor);
    if (error == EINVAL && plan_.threads_only) {
      throw SystemError("ENOTSUP_NO_CHILDREN", error, "perf_event_open",
                        "following threads without children needs Linux 5.13");
    }
    if (error == EACCES || error == EPERM) {
      plan_.user_only = true;
      const int refused = error;
      error = Probe(EventKind::kMinor);
      if (error == 0) notices_.push_back({"USER_ONLY", refused, std::to_string(Paranoid())});
    }
    if (RefusedBySeccomp(error)) throw SystemError("SECCOMP", error, "perf_event_open", "");
    if (error == EACCES || error == EPERM) {
      throw SystemError(Paranoid() > 2 ? "EPERM_PARANOID" : ErrnoName(error), error,
                        "perf_event_open", "perf_event_paranoid is " + std::to_string(Paranoid()));
    }
    if (error != 0) throw SystemError(error, "perf_event_open", "page fault events");
  }

  void PlanEngine(const PlanOptions& options) {
    // Programs take half as much for a fault. A fault of who is not followed takes 0.1 us longer
    // once they see entries: what is outside of a cgroup must not pay, and the kernel's events do
    // not see it.
    const bool best = options.engine == Engine::kBest && options.bpf.settings.scope != kBpfCgroup;
    BpfRefusal refusal;
    if (options.engine == Engine::kBpf || best) {
      if (PlanBpf(options, &refusal)) return;
      if (!best) throw SystemError("NO_ENGINE", refusal.error, "bpf", refusal.what);
      plan_.bpf_refused = refusal.what + ": " + ErrnoText(refusal.error);
    }
    PlanEntries(options.engine);
  }

  // Completions alone: programs join them with their entries. Returns whether these can be had.
  bool PlanBpf(const PlanOptions& options, BpfRefusal* refusal) {
    *refusal = {EPERM, "in a pid namespace of its own"};
    const bool initial = InInitialPidNamespace();
    plan_.budget = options.budget;
    if (initial && options.budget) plan_.around_ns = MeasureAround(refusal);
    const bool measured = plan_.around_ns >= 0;
    BpfOptions bpf = options.bpf;
    std::vector<EventKind> entries;
    bpf.settings.apart = initial && EntriesApart(options, &entries);
    if (initial && measured) programs_ = BpfPrograms::Open(bpf, refusal);
    if (programs_ == nullptr) return false;
    // First what carries the address-space records; entries before what completes them.
    plan_.per_thread = {EventKind::kMajor};
    plan_.per_thread.insert(plan_.per_thread.end(), entries.begin(), entries.end());
    plan_.per_thread.push_back(EventKind::kMinor);
    plan_.apart = bpf.settings.apart != 0;
    plan_.per_cpu = {EventKind::kFinished};
    plan_.tracepoints = plan_.bpf = formats_.finished = true;
    formats_.sampled = options.bpf.settings.sampled != 0;
    programs_->SetEvery(options.every);
    plan_.every = options.every;
    return true;
  }

  // Programs of entries run for every fault on the machine. Processes that fault seldom do without
  // them: their entries come from events of their own, as long as that is so.
  bool EntriesApart(const PlanOptions& options, std::vector<EventKind>* entries) {
    const BpfSettings& settings = options.bpf.settings;
    const bool seldom = settings.scope == kBpfListed && !settings.on_exec && !settings.sampled;
    std::string what;
    return options.engine == Engine::kBest && seldom &&
           Have(EventKind::kEntryUser, 0, -1, entries, &what) == 0;
  }

  // Completions, and the entries that belong to them.
  void PlanEntries(Engine engine) {
    plan_.per_thread = {EventKind::kMinor, EventKind::kMajor};
    if (engine == Engine::kSoftware) {
      notices_.push_back({"SOFTWARE_ASKED_FOR", 0, ""});
      return PlanSoftwareEntries();
    }
    std::string what;
    const int error = Have(EventKind::kEntryUser, 0, -1, &plan_.per_thread, &what);
    plan_.tracepoints = error == 0;
    if (plan_.tracepoints) {
      if (tracefs_.detached()) notices_.push_back({"TRACEFS_DETACHED", 0, ""});
      return;
    }
    if (engine == Engine::kTracepoint) throw SystemError("NO_ENGINE", error, "tracepoint", what);
    notices_.push_back(
        {SpecOf(EventKind::kEntryUser).notice, error, what + ": " + ErrnoText(error)});
    PlanSoftwareEntries();
  }

  void PlanSoftwareEntries() {
    plan_.sample_ip = true;
    plan_.sample_tid = true;
    plan_.per_thread.push_back(EventKind::kEntryAny);
  }

  void PlanPerCpu() {
    // What may be opened for all threads of one CPU may be so on the others. This one is online.
    const int cpu = sched_getcpu();
    for (const EventSpec& spec : kEvents) {
      if (spec.scope != Scope::kCpu || spec.together != spec.kind) continue;
      if (plan_.bpf && spec.kind == EventKind::kSignal) continue;  // a program sees them
      std::string what;
      const int error = Have(spec.kind, -1, cpu, &plan_.per_cpu, &what);
      if (spec.kind == EventKind::kMunmapEnter) plan_.syscall_tracepoints = error == 0;
      if (error != 0 && spec.notice != nullptr) {
        notices_.push_back({spec.notice, error, ErrnoText(error)});
      }
    }
  }

  // Where it cannot be had a process that has ended before it was asked is nobody's.
  void PlanCgroups() {
    std::string what;
    Have(EventKind::kTaskExit, -1, sched_getcpu(), &plan_.per_cpu, &what);
  }

  // Returns whether stacks can be had.
  bool HaveStacks(EventKind kind, bool copied, bool per_thread) {
    // Of two events of one kind on one thread a record does not tell whose it is (EventIds).
    int error = plan_.tracepoints && (!copied || kUnwindRegisters != 0) ? 0 : ENOTSUP;
    if (error == 0) {
      const Fd fd(OpenEvent(kind, plan_, formats_, per_thread ? 0 : -1,
                            per_thread ? -1 : sched_getcpu(), -1, 0));
      error = fd.ok() ? 0 : -fd.get();
    }
    if (error != 0) notices_.push_back({"NO_STACKS", error, ErrnoText(error)});
    return error == 0;
  }

  // With the records of faults: programs count with which.
  bool PlanFinishedStacks(const StackOptions& stacks) {
    const EventKind kind = stacks.copied ? EventKind::kFinishedCopy : EventKind::kFinishedChain;
    if (!HaveStacks(kind, stacks.copied, false)) return false;
    plan_.stack_every = stacks.every == 0 ? 1 : stacks.every;
    if (stacks.every == 0) plan_.stack_budget = stacks.budget;
    programs_->SetStackEvery(plan_.stack_every);
    plan_.per_cpu.push_back(kind);
    return true;
  }

  // A period that changes needs events that nothing inherits: for all threads of each CPU.
  bool PlanStacks(const StackOptions& stacks) {
    const bool fixed = stacks.every != 0;
    const EventKind kind = stacks.copied ? EventKind::kStackCopy : EventKind::kStack;
    plan_.stack_every = fixed ? stacks.every : 1;
    if (!HaveStacks(kind, stacks.copied, fixed)) return false;
    if (!fixed) plan_.stack_budget = stacks.budget;
    (fixed ? plan_.per_thread : plan_.per_cpu).push_back(kind);
    return true;
  }

  // Who makes mappings: of use only where one knows which were made. Chains by frame pointers would
  // be wrong where faults have to be unwound. Copies of stacks are too large for every mapping that
  // is made on the machine: they have the budget, also where faults have a fixed period.
  void PlanMakers(const StackOptions& stacks) {
    std::string what;
    const int cpu = sched_getcpu();
    int error = plan_.syscall_tracepoints
                    ? Have(EventKind::kMmapEnter, -1, cpu, &plan_.per_cpu, &what)
                    : ENOTSUP;
    if (error == 0 && stacks.copied) {
      error = Have(EventKind::kMmapCopy, -1, cpu, &plan_.per_cpu, &what);
      plan_.maker_budget = stacks.budget;
    }
    plan_.makers = error == 0 && !stacks.copied;
    if (error != 0) {
      notices_.push_back({SpecOf(EventKind::kMmapEnter).notice, error, ErrnoText(error)});
    }
  }

  // Adds the events that are of use only together with `first` to `out`, if all of them can be had.
  // Else returns an errno, and `what` could not.
  int Have(EventKind first, pid_t pid, int cpu, std::vector<EventKind>* out, std::string* what) {
    std::vector<EventKind> together;
    for (const EventSpec& spec : kEvents) {
      const bool refused = plan_.user_only && spec.kind == EventKind::kEntryKernel;
      if (spec.together == first && !refused) together.push_back(spec.kind);
    }
    const int error = HaveAll(together, pid, cpu, what);
    if (error == 0) {
      out->insert(out->end(), together.begin(), together.end());
    } else {
      for (EventKind kind : together) formats_.Of(kind) = TracepointFormat();
    }
    return error;
  }

  int HaveAll(const std::vector<EventKind>& kinds, pid_t pid, int cpu, std::string* what) {
    *what = "tracefs";
    int error = tracefs_.error();
    if (!tracefs_.ok()) return error;
    for (EventKind kind : kinds) {
      if (!tracefs_.ReadFormat(SpecOf(kind), &formats_.Of(kind), &error)) return error;
    }
    for (EventKind kind : kinds) {
      *what = NameOf(SpecOf(kind));
      Fd fd(OpenEvent(kind, plan_, formats_, pid, cpu, -1, 0));
      if (!fd.ok()) return -fd.get();
      held_.push_back(std::move(fd));
    }
    return 0;
  }

  // Opens a software event on ourselves. Returns 0 or an errno.
  int Probe(EventKind kind) {
    const Fd fd(OpenEvent(kind, plan_, formats_, 0, -1, -1, 0));
    return fd.ok() ? 0 : -fd.get();
  }

  Formats& formats_;
  std::vector<Notice>& notices_;
  std::vector<Fd>& held_;
  std::unique_ptr<BpfPrograms>& programs_;
  const Tracefs tracefs_;
  Plan plan_;
};

}  // namespace

Plan MakePlan(const PlanOptions& options, Formats* formats, std::vector<Notice>* notices,
              std::vector<Fd>* held, std::unique_ptr<BpfPrograms>* programs) {
  return Planner(formats, notices, held, programs).Make(options);
}

}  // namespace pagefault
