// The events that a session may ask the kernel for, one row each. Opening (perf_event.cc), reading
// of formats (tracefs.cc) and decoding (decode.cc) follow the rows: a new event is a new row, and
// what it means once it is decoded.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pagefault {

enum class EventKind : uint8_t {
  kNone = 0,
  kMinor,  // carries the address-space and task records, too; with programs kMajor does
  kMajor,
  kEntryUser,
  kEntryKernel,
  kEntryAny,   // in place of the two before, where the tracepoints cannot be had
  kStack,      // with every Nth fault, between its entry and its completion
  kStackCopy,  // in its place, where stacks are unwound by us
  kMunmapEnter,
  kMunmapExit,
  kMremapEnter,
  kMremapExit,
  kBrkExit,
  kMmapEnter,  // with its exit: who makes a mapping, where call stacks are wanted
  kMmapExit,
  kMmapCopy,  // with some of these exits, where stacks are unwound by us
  kMremapCopy,
  kBrkCopy,
  kCloneExit,  // of interest where a new thread returns from it
  kClone3Exit,
  kShmdtEnter,  // its exit would tell nothing more (SyscallPairer)
  kNewTask,
  kSignal,
  kTaskExit,       // of all processes of a machine: in which cgroup each has ended
  kTasks,          // births of any process, while we attach
  kRingOwner,      // only holds the ring
  kOwnFault,       // of a recording of ours: a whole fault
  kFinished,       // a fault that a BPF program has finished
  kFinishedChain,  // the same with its call chain
  kFinishedCopy,   // the same with what that is to be found from
};
constexpr size_t kEventKinds = static_cast<size_t>(EventKind::kFinishedCopy) + 1;

// What a record is once it has been decoded.
enum class RecordKind : uint8_t {
  kIgnored = 0,  // well-formed, of no interest
  kCompletion,   // kMinor, kMajor
  kEntry,        // kEntryUser, kEntryKernel, kEntryAny
  kFinished,     // kFinished, kFinishedChain, kFinishedCopy: a fault and what has become of it
  kStack,        // the user call chain of a fault that has been entered: chain
  kStackCopy,    // what it is to be found from: registers, stack
  kSyscall,      // kMunmapEnter ... kMmapExit, kShmdtEnter: argument, and chain of exits
  kMakerCopy,    // what that is to be found from, and argument: right before the exit itself
  kSignal,       // a thread was sent SIGSEGV or SIGBUS for what it did itself: signal, signal_code
  kNewTask,      // flags: clone_flags
  kCgroup,       // that is made: cgroup, name
  kTaskEnd,      // of a thread that exits: its cgroup, its name
  kThreadStart,  // a new thread is about to run its first instruction: stack_pointer
  kMmap,
  kComm,
  kFork,
  kExit,
  kLost,
};

// For whom an event is opened.
enum class Scope : uint8_t {
  kNobody,
  kThread,  // each thread that is followed, on each CPU; in a wide capture all threads of a CPU
  kCpu,     // all threads of each CPU
  kRing,    // our own thread
};

// The stack pointer's bit among the registers of PERF_SAMPLE_REGS_USER; 0 where it is not known.
constexpr uint64_t kRegisterSp =
#if defined(__x86_64__)
    uint64_t{1} << 7;  // PERF_REG_X86_SP
#elif defined(__aarch64__)
    uint64_t{1} << 31;  // PERF_REG_ARM64_SP
#else
    0;
#endif

// All that unwinding may need, by their bits: of x86-64 rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp,
// rip, r8 to r15 (asm/perf_regs.h), which is the order in which samples have them. 0: not there
// yet.
#if defined(__x86_64__)
constexpr uint64_t kUnwindRegisters = 0xff01ff;
#else
constexpr uint64_t kUnwindRegisters = 0;
#endif
constexpr size_t kUnwindCount = 17;
// Of the stack, from the stack pointer on: what perf record takes by default.
constexpr uint32_t kStackCopyBytes = 8192;

constexpr size_t kMaxFields = 5;
// The fields of page_fault_user and page_fault_kernel, by their place in the row.
enum FaultField : size_t { kFaultAddress, kFaultIp, kFaultErrorCode };
enum SignalField : size_t { kSignalNumber, kSignalReason, kSignalReceiver };

struct EventSpec {
  EventKind kind;
  Scope scope;
  // What its samples are decoded to.
  RecordKind record;
  uint32_t type;  // of perf_event_attr
  // Of perf_event_attr; a tracepoint's is the id in its format.
  uint64_t config;
  // Parts of a sample (PERF_SAMPLE_*) beside identifier, thread and time.
  uint64_t sample;
  // Of user mode, by their bits, where PERF_SAMPLE_REGS_USER is among those.
  uint64_t registers;
  // "SYSTEM/NAME" below tracefs's events; nullptr for other events.
  const char* tracepoint;
  // What is read of the raw data, 4 or 8 bytes each, in the order of TracepointFormat::field.
  const char* fields[kMaxFields];
  size_t field_count;
  // In the language of PERF_EVENT_IOC_SET_FILTER; nullptr: every record is of interest.
  const char* filter;
  // Of use only together with this one, which may be itself.
  EventKind together;
  // The notice where it cannot be had; nullptr: nothing is said.
  const char* notice;

  bool software() const { return tracepoint == nullptr; }
};

// All rows, in the order of EventKind.
extern const EventSpec kEvents[kEventKinds];

inline const EventSpec& SpecOf(EventKind kind) {
  return kEvents[static_cast<size_t>(kind)];
}

// Sampled: with every how manyth fault it comes is for whoever opens it to say.
inline bool IsOfStacks(EventKind kind) {
  return kind == EventKind::kStack || kind == EventKind::kStackCopy;
}
inline bool IsOfMakers(EventKind kind) {
  return SpecOf(kind).record == RecordKind::kMakerCopy;
}
// What BPF programs write of a fault.
inline bool IsFinished(EventKind kind) {
  return SpecOf(kind).record == RecordKind::kFinished;
}
// Too large for the rings of what must not be lost.
inline bool IsCopy(EventKind kind) {
  return kind == EventKind::kStackCopy || kind == EventKind::kFinishedCopy || IsOfMakers(kind);
}

}  // namespace pagefault
