// The events of a session as it opens them, their layouts and formats, and their records made by
// hand.
#pragma once

#include "bytes.h"

namespace pagefault {
namespace test {

// Ids of the events of a root: kMinorId + 16 * root and so on.
enum : uint64_t { kMinorId = 1, kMajorId, kUserId, kKernelId, kAnyId, kStackId, kCopyId };
// Close to each other, as the kernel's are: the table of events is as long as they lie apart, and
// every session of a test has one.
constexpr uint64_t kSyscallIds = 6000;  // + kind

constexpr uint64_t IdOf(uint64_t event, uint32_t root) {
  return event + 16 * uint64_t{root};
}

// Fields at odd offsets: the raw data is not aligned, and the decoder must not assume it is.
inline TracepointFormat FaultFormat() {
  return {115, kThread, {{9, 8}, {17, 8}, {25, 8}}};
}
constexpr size_t kFaultRaw = 36;  // 36 + the 4 bytes of its size: a multiple of 8

// How a session asks for its samples.
enum class Samples {
  kPlain,       // tracepoints' without thread
  kWithThread,  // in a pid namespace
  kSoftware,    // no tracepoints for entries: each sample has thread and ip
  kMakers,      // what makes mappings has its call chain
};
inline bool HasChain(EventKind kind, Samples samples) {
  return samples == Samples::kMakers &&
         (kind == EventKind::kMmapExit || kind == EventKind::kMremapExit ||
          kind == EventKind::kBrkExit);
}

// As perf_event_open is asked: what the layouts follow from.
inline SampleLayout LayoutFor(EventKind kind, Samples samples) {
  perf_event_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME;
  attr.sample_id_all = 1;
  switch (kind) {
    case EventKind::kMinor:
      attr.sample_type |= PERF_SAMPLE_ADDR | PERF_SAMPLE_DATA_SRC;
      break;
    case EventKind::kMajor:
      attr.sample_type |= PERF_SAMPLE_ADDR | PERF_SAMPLE_CPU | PERF_SAMPLE_DATA_SRC;
      break;
    case EventKind::kTaskExit:
      attr.sample_type |= PERF_SAMPLE_RAW | kSampleCgroup;
      break;
    case EventKind::kEntryAny:
      attr.sample_type |=
          PERF_SAMPLE_ADDR | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD | PERF_SAMPLE_DATA_SRC;
      break;
    case EventKind::kStack:
      attr.sample_type |=
          PERF_SAMPLE_ADDR | PERF_SAMPLE_ID | PERF_SAMPLE_CPU | PERF_SAMPLE_CALLCHAIN;
      break;
    case EventKind::kStackCopy:
      attr.sample_type |= PERF_SAMPLE_ADDR | PERF_SAMPLE_ID | PERF_SAMPLE_CPU |
                          PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
      attr.sample_regs_user = kUnwindRegisters;
      break;
    case EventKind::kMmapCopy:
    case EventKind::kMremapCopy:
    case EventKind::kBrkCopy:
      attr.sample_type |= PERF_SAMPLE_RAW | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
      attr.sample_type &= ~uint64_t{PERF_SAMPLE_TID};
      attr.sample_regs_user = kUnwindRegisters;
      break;
    case EventKind::kCloneExit:
    case EventKind::kClone3Exit:
      attr.sample_type |= PERF_SAMPLE_REGS_USER;
      attr.sample_regs_user = 1 << 7;
      [[fallthrough]];
    default:
      attr.sample_type |= PERF_SAMPLE_RAW;
      const bool plain = samples == Samples::kPlain || samples == Samples::kMakers;
      if (plain) attr.sample_type &= ~uint64_t{PERF_SAMPLE_TID};
  }
  if (HasChain(kind, samples)) attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
  if (samples == Samples::kSoftware) attr.sample_type |= PERF_SAMPLE_IP;
  return LayoutOf(attr);
}

inline void AddRoot(Formats* formats, uint32_t root, Samples samples) {
  const auto add = [&](uint64_t id, EventKind kind) {
    formats->events.Add(IdOf(id, root), kind, root, LayoutFor(kind, samples));
  };
  add(kMinorId, EventKind::kMinor);
  add(kMajorId, EventKind::kMajor);
  add(kUserId, EventKind::kEntryUser);
  add(kKernelId, EventKind::kEntryKernel);
  add(kAnyId, EventKind::kEntryAny);
  add(kStackId, EventKind::kStack);
  add(kCopyId, EventKind::kStackCopy);
}
// Its time is the first of what the program writes: header, identifier, size.
inline SampleLayout FinishedLayout(uint64_t more = 0) {
  perf_event_attr attr = {};
  attr.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_RAW | more;
  if ((more & PERF_SAMPLE_REGS_USER) != 0) attr.sample_regs_user = kUnwindRegisters;
  attr.sample_id_all = 1;
  SampleLayout layout = LayoutOf(attr);
  layout.time_in_raw = true;
  if (more != PERF_SAMPLE_CALLCHAIN) layout.time = 8 + 8 + 4;
  return layout;
}
inline uint64_t SyscallId(EventKind kind) {
  return kSyscallIds + static_cast<uint64_t>(kind);
}
inline Formats TestFormats(const std::vector<uint32_t>& roots, Samples samples = Samples::kPlain) {
  Formats formats;
  formats.Of(EventKind::kEntryUser) = FaultFormat();
  formats.Of(EventKind::kEntryKernel) = FaultFormat();
  TracepointFormat& arguments = formats.Of(EventKind::kMunmapEnter);
  arguments.thread = kThread;
  for (uint16_t i = 0; i < 5; i++) arguments.field[i] = {static_cast<uint16_t>(12 + 8 * i), 8};
  formats.Of(EventKind::kMremapEnter) = arguments;
  formats.Of(EventKind::kShmdtEnter) = arguments;
  formats.Of(EventKind::kMmapEnter) = arguments;
  for (EventKind kind : {EventKind::kMunmapExit, EventKind::kMremapExit, EventKind::kBrkExit,
                         EventKind::kMmapExit, EventKind::kMmapCopy, EventKind::kMremapCopy,
                         EventKind::kBrkCopy, EventKind::kCloneExit, EventKind::kClone3Exit}) {
    formats.Of(kind) = {0, kThread, {{12, 8}}};
  }
  formats.Of(EventKind::kSignal) = {261, kThread, {{8, 4}, {16, 4}, {36, 4}}};
  formats.Of(EventKind::kNewTask) = {205, kThread, {{32, 8}}};
  formats.Of(EventKind::kTaskExit) = {369, kThread, {{8, kCommSize}}};
  formats.events.AddBorrowed(EventKind::kMinor, LayoutFor(EventKind::kMinor, samples));
  formats.events.AddBorrowed(EventKind::kMajor, LayoutFor(EventKind::kMajor, samples));
  // No session has both. The shorter ones have no room for registers and a stack.
  formats.events.AddBorrowed(EventKind::kStackCopy, LayoutFor(EventKind::kStackCopy, samples));
  formats.events.AddBorrowed(EventKind::kStack, LayoutFor(EventKind::kStack, samples));
  if (samples == Samples::kSoftware) {
    formats.events.AddBorrowed(EventKind::kEntryAny, LayoutFor(EventKind::kEntryAny, samples));
  }
  for (uint32_t root : roots) AddRoot(&formats, root, samples);
  for (EventKind kind :
       {EventKind::kMunmapEnter, EventKind::kMunmapExit, EventKind::kMremapEnter,
        EventKind::kMremapExit, EventKind::kBrkExit, EventKind::kCloneExit, EventKind::kClone3Exit,
        EventKind::kShmdtEnter, EventKind::kMmapEnter, EventKind::kMmapExit, EventKind::kMmapCopy,
        EventKind::kMremapCopy, EventKind::kBrkCopy, EventKind::kSignal, EventKind::kNewTask,
        EventKind::kTaskExit}) {
    formats.events.Add(SyscallId(kind), kind, 0, LayoutFor(kind, samples));
  }
  formats.events.Add(kFinishedId, EventKind::kFinished, 0, FinishedLayout());
  formats.events.Add(kFinishedChainId, EventKind::kFinishedChain, 0,
                     FinishedLayout(PERF_SAMPLE_CALLCHAIN));
  formats.events.Add(kFinishedCopyId, EventKind::kFinishedCopy, 0,
                     FinishedLayout(PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER));
  return formats;
}

inline Bytes FaultEntry(const Who& who, bool user, uint64_t address, uint64_t ip, uint64_t code,
                        bool with_tid = false) {
  const TracepointFormat format = FaultFormat();
  return Raw(who, user, kFaultRaw,
             {{format.field[0], address}, {format.field[1], ip}, {format.field[2], code}}, 0, false,
             with_tid);
}
inline Bytes SyscallEnter(EventKind kind, const Who& who, const std::vector<uint64_t>& arguments) {
  std::vector<std::pair<Field, uint64_t>> fields;
  for (size_t i = 0; i < arguments.size(); i++) {
    fields.push_back({{static_cast<uint16_t>(12 + 8 * i), 8}, arguments[i]});
  }
  return Raw({who.pid, who.tid, who.time, SyscallId(kind)}, false, 52, fields);
}
inline Bytes SyscallExit(EventKind kind, const Who& who, uint64_t result) {
  return Raw({who.pid, who.tid, who.time, SyscallId(kind)}, false, 28, {{{12, 8}, result}});
}
// The same with a call chain, for Samples::kMakers.
inline Bytes MakerExit(EventKind kind, const Who& who, uint64_t result,
                       const std::vector<uint64_t>& chain) {
  const Bytes plain = SyscallExit(kind, who, result);
  const size_t head = kRecordHeader + 8 + 8;  // identifier and time
  Bytes out(plain.begin(), plain.begin() + static_cast<ptrdiff_t>(head));
  Put(&out, uint64_t{chain.size()});
  for (uint64_t ip : chain) Put(&out, ip);
  out.insert(out.end(), plain.begin() + static_cast<ptrdiff_t>(head), plain.end());
  return Finish(out);
}
// What comes before it where its stack is copied.
inline Bytes MakerCopyOf(EventKind kind, const Who& who, uint64_t result, uint64_t abi,
                         size_t words) {
  Bytes out = SyscallExit(kind, who, result);
  PutCopy(&out, abi, words, words);
  return Finish(out);
}
// signal:signal_generate, sent by `who` to the task `to` of the initial namespace.
inline Bytes Signal(const Who& who, uint32_t to, int signal, int code) {
  return Raw({who.pid, who.tid, who.time, SyscallId(EventKind::kSignal)}, false, 52,
             {{{8, 4}, static_cast<uint32_t>(signal)},
              {{16, 4}, static_cast<uint32_t>(code)},
              {{36, 4}, to}});
}
inline Bytes NewTask(const Who& who, uint64_t clone_flags) {
  return Raw({who.pid, who.tid, who.time, SyscallId(EventKind::kNewTask)}, false, 44,
             {{{32, 8}, clone_flags}});
}
// sched:sched_process_exit, whose samples have the cgroup and the thread.
inline Bytes TaskExit(const Who& who, uint64_t cgroup, const std::string& comm = "worker") {
  char name[kCommSize] = {};
  memcpy(name, comm.data(), std::min<size_t>(comm.size(), kCommSize));
  uint64_t words[2];
  memcpy(words, name, sizeof words);
  Bytes out = Raw({who.pid, who.tid, who.time, SyscallId(EventKind::kTaskExit)}, false, 36,
                  {{{8, 8}, words[0]}, {{16, 8}, words[1]}}, 0, false, true);
  Put(&out, cgroup);
  return Finish(out);
}
// A cgroup that is made.
inline Bytes CgroupMade(const Who& who, uint64_t id, const std::string& path) {
  Bytes body;
  Put(&body, id);
  PutName(&body, path);
  body.push_back(0);
  return Sideband(kRecordCgroup, 0, body,
                  {who.pid, who.tid, who.time, SyscallId(EventKind::kTaskExit)});
}
// sys_exit_clone or sys_exit_clone3, whose samples have the stack pointer (0: no registers).
inline Bytes CloneExit(EventKind kind, const Who& who, uint64_t result, uint64_t stack_pointer) {
  return Raw({who.pid, who.tid, who.time, SyscallId(kind)}, false, 28, {{{12, 8}, result}},
             stack_pointer, true);
}

}  // namespace test
}  // namespace pagefault
