#include "perf/events.h"

#include <linux/perf_event.h>

#include <initializer_list>

#include "perf/sample_layout.h"

namespace pagefault {

namespace {

using Kind = EventKind;

constexpr const char* kNoUnmaps = "NO_UNMAP_TRACEPOINTS";

constexpr EventSpec Software(Kind kind, Scope scope, RecordKind record, uint64_t config,
                             uint64_t sample) {
  EventSpec spec = {};
  spec.kind = spec.together = kind;
  spec.scope = scope;
  spec.record = record;
  spec.type = PERF_TYPE_SOFTWARE;
  spec.config = config;
  spec.sample = sample;
  return spec;
}

constexpr EventSpec Tracepoint(Kind kind, Scope scope, RecordKind record, const char* name,
                               std::initializer_list<const char*> fields) {
  EventSpec spec = {};
  spec.kind = spec.together = kind;
  spec.scope = scope;
  spec.record = record;
  spec.type = PERF_TYPE_TRACEPOINT;
  spec.sample = PERF_SAMPLE_RAW;
  spec.tracepoint = name;
  for (const char* field : fields) spec.fields[spec.field_count++] = field;
  return spec;
}

constexpr EventSpec Together(EventSpec spec, Kind with, const char* notice) {
  spec.together = with;
  spec.notice = notice;
  return spec;
}

constexpr EventSpec Filtered(EventSpec spec, const char* filter, const char* notice) {
  spec.filter = filter;
  spec.notice = notice;
  return spec;
}

// With which stack a thread begins: nothing else tells which mapping is its stack.
constexpr EventSpec WithStackPointer(EventSpec spec) {
  if (kRegisterSp != 0) spec.sample |= PERF_SAMPLE_REGS_USER;
  spec.registers = kRegisterSp;
  return spec;
}

// Of Linux 5.7 (CONFIG_CGROUP_PERF).
constexpr EventSpec WithCgroup(EventSpec spec) {
  spec.sample |= kSampleCgroup;
  return spec;
}

constexpr EventSpec WithStackCopy(EventSpec spec) {
  spec.sample |= PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
  spec.registers = kUnwindRegisters;
  return spec;
}

constexpr EventSpec Entry(Kind kind, const char* name) {
  return Together(
      Tracepoint(kind, Scope::kThread, RecordKind::kEntry, name, {"address", "ip", "error_code"}),
      Kind::kEntryUser, "NO_TRACEPOINTS");
}

constexpr EventSpec Unmap(Kind kind, const char* name, std::initializer_list<const char*> fields) {
  return Together(Tracepoint(kind, Scope::kCpu, RecordKind::kSyscall, name, fields),
                  Kind::kMunmapEnter, kNoUnmaps);
}

// Planned where stacks are.
constexpr EventSpec Maker(Kind kind, const char* name, std::initializer_list<const char*> fields) {
  return Together(Tracepoint(kind, Scope::kNobody, RecordKind::kSyscall, name, fields),
                  Kind::kMmapEnter, "NO_MAKERS");
}

constexpr EventSpec MakerCopy(Kind kind, const char* name) {
  return WithStackCopy(
      Together(Tracepoint(kind, Scope::kNobody, RecordKind::kMakerCopy, name, {"ret"}),
               Kind::kMmapCopy, nullptr));
}

constexpr EventSpec ThreadStart(Kind kind, const char* name) {
  return WithStackPointer(Tracepoint(kind, Scope::kCpu, RecordKind::kThreadStart, name, {"ret"}));
}

}  // namespace

// Of the software events CPU, id, period and data source are asked for not for their content: they
// make samples of one differ from those of another (EventIds). With the period asked for, the
// kernel would sample every fault whatever the period is (perf_swevent_event,
// kernel/events/core.c).
constexpr EventSpec kEvents[kEventKinds] = {
    Software(Kind::kNone, Scope::kNobody, RecordKind::kIgnored, 0, 0),
    Software(Kind::kMinor, Scope::kThread, RecordKind::kCompletion, PERF_COUNT_SW_PAGE_FAULTS_MIN,
             PERF_SAMPLE_ADDR | PERF_SAMPLE_DATA_SRC),
    Software(Kind::kMajor, Scope::kThread, RecordKind::kCompletion, PERF_COUNT_SW_PAGE_FAULTS_MAJ,
             PERF_SAMPLE_ADDR | PERF_SAMPLE_CPU | PERF_SAMPLE_DATA_SRC),
    Entry(Kind::kEntryUser, "exceptions/page_fault_user"),
    Entry(Kind::kEntryKernel, "exceptions/page_fault_kernel"),
    Software(Kind::kEntryAny, Scope::kThread, RecordKind::kEntry, PERF_COUNT_SW_PAGE_FAULTS,
             PERF_SAMPLE_ADDR | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD | PERF_SAMPLE_DATA_SRC),
    Software(Kind::kStack, Scope::kThread, RecordKind::kStack, PERF_COUNT_SW_PAGE_FAULTS,
             PERF_SAMPLE_ADDR | PERF_SAMPLE_ID | PERF_SAMPLE_CPU | PERF_SAMPLE_CALLCHAIN),
    WithStackCopy(Software(Kind::kStackCopy, Scope::kThread, RecordKind::kStackCopy,
                           PERF_COUNT_SW_PAGE_FAULTS,
                           PERF_SAMPLE_ADDR | PERF_SAMPLE_ID | PERF_SAMPLE_CPU)),
    Unmap(Kind::kMunmapEnter, "syscalls/sys_enter_munmap", {"addr", "len"}),
    Unmap(Kind::kMunmapExit, "syscalls/sys_exit_munmap", {"ret"}),
    Unmap(Kind::kMremapEnter, "syscalls/sys_enter_mremap",
          {"addr", "old_len", "new_len", "flags", "new_addr"}),
    Unmap(Kind::kMremapExit, "syscalls/sys_exit_mremap", {"ret"}),
    Unmap(Kind::kBrkExit, "syscalls/sys_exit_brk", {"ret"}),
    Maker(Kind::kMmapEnter, "syscalls/sys_enter_mmap", {"len"}),
    Maker(Kind::kMmapExit, "syscalls/sys_exit_mmap", {"ret"}),
    MakerCopy(Kind::kMmapCopy, "syscalls/sys_exit_mmap"),
    MakerCopy(Kind::kMremapCopy, "syscalls/sys_exit_mremap"),
    MakerCopy(Kind::kBrkCopy, "syscalls/sys_exit_brk"),
    ThreadStart(Kind::kCloneExit, "syscalls/sys_exit_clone"),
    ThreadStart(Kind::kClone3Exit, "syscalls/sys_exit_clone3"),
    Tracepoint(Kind::kShmdtEnter, Scope::kCpu, RecordKind::kSyscall, "syscalls/sys_enter_shmdt",
               {"shmaddr"}),
    // Processes with their parent's memory: CLONE_VM without CLONE_THREAD.
    Filtered(Tracepoint(Kind::kNewTask, Scope::kCpu, RecordKind::kNewTask, "task/task_newtask",
                        {"clone_flags"}),
             "(clone_flags & 0x100) && !(clone_flags & 0x10000)", nullptr),
    // SIGBUS and SIGSEGV, for a reason of the kernel's.
    Filtered(Tracepoint(Kind::kSignal, Scope::kCpu, RecordKind::kSignal, "signal/signal_generate",
                        {"sig", "code", "pid"}),
             "(sig == 7 || sig == 11) && code > 0", "NO_SIGNAL_TRACEPOINT"),
    // Planned where a whole machine is. A process of milliseconds has ended before it can be asked.
    WithCgroup(Tracepoint(Kind::kTaskExit, Scope::kNobody, RecordKind::kTaskEnd,
                          "sched/sched_process_exit", {"comm"})),
    Software(Kind::kTasks, Scope::kNobody, RecordKind::kIgnored, PERF_COUNT_SW_DUMMY, 0),
    Software(Kind::kRingOwner, Scope::kRing, RecordKind::kIgnored, PERF_COUNT_SW_DUMMY, 0),
    Software(Kind::kOwnFault, Scope::kNobody, RecordKind::kIgnored, PERF_COUNT_SW_DUMMY, 0),
    Software(Kind::kFinished, Scope::kNobody, RecordKind::kFinished, PERF_COUNT_SW_BPF_OUTPUT,
             PERF_SAMPLE_RAW),
    Software(Kind::kFinishedChain, Scope::kNobody, RecordKind::kFinished, PERF_COUNT_SW_BPF_OUTPUT,
             PERF_SAMPLE_RAW | PERF_SAMPLE_CALLCHAIN),
    WithStackCopy(Software(Kind::kFinishedCopy, Scope::kNobody, RecordKind::kFinished,
                           PERF_COUNT_SW_BPF_OUTPUT, PERF_SAMPLE_RAW)),
};

namespace {

constexpr bool InOrder() {
  for (size_t i = 0; i < kEventKinds; i++) {
    if (kEvents[i].kind != static_cast<Kind>(i)) return false;
  }
  return true;
}
static_assert(InOrder(), "SpecOf finds a row by its number");

}  // namespace

}  // namespace pagefault
