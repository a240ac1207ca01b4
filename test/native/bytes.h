// Perf records made by hand, as perf_event_open(2) and the `format` files describe them, and rings
// of plain memory to put them in. Nothing here uses the decoder under test.
#pragma once

#include <linux/perf_event.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "bpf/fault_record.h"
#include "faults/decode.h"
#include "source/ring.h"

namespace pagefault {
namespace test {

using Bytes = std::vector<uint8_t>;

template <typename T>
void Put(Bytes* out, T value) {
  // Unoptimised, as the tests are compiled, insert() takes long, and this is done for every field.
  const size_t at = out->size();
  out->resize(at + sizeof value);
  memcpy(out->data() + at, &value, sizeof value);
}
template <typename T>
void PutAt(Bytes* out, size_t at, T value) {
  memcpy(out->data() + at, &value, sizeof value);
}

inline Bytes Header(uint32_t type, uint16_t misc) {
  Bytes out;
  out.reserve(64);
  Put(&out, type);
  Put(&out, misc);
  Put(&out, uint16_t{0});
  return out;
}
// Pads to 8 bytes and writes the size into the header.
inline Bytes Finish(Bytes record) {
  record.resize((record.size() + 7) / 8 * 8);
  PutAt(&record, 6, static_cast<uint16_t>(record.size()));
  return record;
}

struct Who {
  uint32_t pid;
  uint32_t tid;
  uint64_t time;
  uint64_t id;
};

// --- samples: IDENTIFIER, [IP], [TID], TIME, then what the event has -----------------------------

inline Bytes Sample(const Who& who, bool user, bool with_ip = false, uint64_t ip = 0,
                    bool with_tid = true) {
  Bytes out = Header(PERF_RECORD_SAMPLE, user ? PERF_RECORD_MISC_USER : PERF_RECORD_MISC_KERNEL);
  Put(&out, who.id);
  if (with_ip) Put(&out, ip);
  if (with_tid) {
    Put(&out, who.pid);
    Put(&out, who.tid);
  }
  Put(&out, who.time);
  return out;
}

// PERF_MEM_NA of Linux 6.18: what software events have as their data source.
constexpr uint64_t kNoSource = 0x1e05080021;

inline Bytes Minor(const Who& who, uint64_t address, bool user = true) {
  Bytes out = Sample(who, user);
  Put(&out, address);
  Put(&out, kNoSource);  // PERF_SAMPLE_DATA_SRC
  return Finish(out);
}
inline Bytes Major(const Who& who, uint64_t address, bool user = true) {
  Bytes out = Sample(who, user);
  Put(&out, address);
  Put(&out, uint64_t{1});  // PERF_SAMPLE_CPU
  Put(&out, kNoSource);    // PERF_SAMPLE_DATA_SRC
  return Finish(out);
}

// `chain` as the kernel writes it, with the markers of its parts.
inline Bytes Stack(const Who& who, uint64_t address, const std::vector<uint64_t>& chain,
                   bool user = true) {
  Bytes out = Sample(who, user);
  Put(&out, address);
  Put(&out, who.id);       // PERF_SAMPLE_ID
  Put(&out, uint64_t{1});  // PERF_SAMPLE_CPU
  Put(&out, uint64_t{chain.size()});
  for (uint64_t ip : chain) Put(&out, ip);
  return Finish(out);
}

// Registers of an ABI (PERF_SAMPLE_REGS_ABI_*; 0: none), the stack pointer the eighth of them, and
// `copied` words of a stack of `words`, counted from 0.
inline void PutCopy(Bytes* out, uint64_t abi, size_t words, size_t copied) {
  Put(out, abi);
  for (uint64_t i = 0; abi != 0 && i < kUnwindCount; i++) Put(out, 0x7000 + i);
  Put(out, uint64_t{8 * words});
  for (uint64_t i = 0; i < words; i++) Put(out, i);
  if (words > 0) Put(out, uint64_t{8 * copied});
}
inline Bytes StackCopy(const Who& who, uint64_t address, uint64_t abi, size_t words,
                       size_t copied) {
  Bytes out = Sample(who, true);
  Put(&out, address);
  Put(&out, who.id);       // PERF_SAMPLE_ID
  Put(&out, uint64_t{1});  // PERF_SAMPLE_CPU
  PutCopy(&out, abi, words, copied);
  return Finish(out);
}

constexpr Field kThread = {4, 4};  // common_pid

// Raw data with the fields where `fields` has them, then registers.
inline Bytes Raw(const Who& who, bool user, size_t raw_size,
                 const std::vector<std::pair<Field, uint64_t>>& fields, uint64_t stack_pointer = 0,
                 bool with_regs = false, bool with_tid = false) {
  Bytes out = Sample(who, user, false, 0, with_tid);
  Put(&out, static_cast<uint32_t>(raw_size));
  const size_t raw = out.size();
  out.resize(raw + raw_size);
  if (raw_size >= 8) memcpy(out.data() + raw + kThread.offset, &who.tid, kThread.size);
  for (const auto& field : fields) {
    memcpy(out.data() + raw + field.first.offset, &field.second, field.first.size);
  }
  if (with_regs) {
    Put(&out, uint64_t{stack_pointer != 0 ? 2u : 0u});  // PERF_SAMPLE_REGS_ABI_64 or NONE
    if (stack_pointer != 0) Put(&out, stack_pointer);
  }
  return Finish(out);
}

constexpr uint64_t kFinishedId = 200000;
// What a BPF program writes of a fault: IDENTIFIER, size and bytes.
inline Bytes Finished(const BpfFault& fault, size_t size = 44) {
  Bytes out = Header(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER);
  Put(&out, kFinishedId);
  Put(&out, static_cast<uint32_t>(size));
  const uint8_t* bytes = reinterpret_cast<const uint8_t*>(&fault);
  out.insert(out.end(), bytes, bytes + size);
  return Finish(out);
}

// --- sideband: the body, then the trailer of sample_id_all (TID, TIME, IDENTIFIER)
// ----------------

inline Bytes Sideband(uint32_t type, uint16_t misc, const Bytes& body, const Who& who) {
  Bytes out = Header(type, misc);
  out.insert(out.end(), body.begin(), body.end());
  while (out.size() % 8 != 0) out.push_back(0);
  Put(&out, who.pid);
  Put(&out, who.tid);
  Put(&out, who.time);
  Put(&out, who.id);
  return Finish(out);
}
// The kernel pads names with NULs to 8 bytes; `pad` false leaves that out where the length allows.
inline void PutName(Bytes* body, const std::string& name) {
  body->insert(body->end(), name.begin(), name.end());
}
inline Bytes Mmap2(const Who& who, uint64_t start, uint64_t length, uint64_t pgoff, uint32_t prot,
                   uint32_t flags, const std::string& name, uint16_t misc = 0) {
  Bytes body;
  Put(&body, who.pid);
  Put(&body, who.tid);
  Put(&body, start);
  Put(&body, length);
  Put(&body, pgoff);
  Put(&body, uint32_t{8});    // major
  Put(&body, uint32_t{1});    // minor
  Put(&body, uint64_t{77});   // inode
  Put(&body, uint64_t{123});  // generation
  Put(&body, prot);
  Put(&body, flags);
  PutName(&body, name + std::string(1, '\0'));
  return Sideband(PERF_RECORD_MMAP2, misc, body, who);
}
inline Bytes Comm(const Who& who, const std::string& name, bool exec) {
  Bytes body;
  Put(&body, who.pid);
  Put(&body, who.tid);
  PutName(&body, name + std::string(1, '\0'));
  return Sideband(PERF_RECORD_COMM, exec ? PERF_RECORD_MISC_COMM_EXEC : 0, body, who);
}
// `who` names the parent's descriptor and the record's time; pid and tid are the child's.
inline Bytes Task(uint32_t type, const Who& who, uint32_t ppid, uint32_t ptid) {
  Bytes body;
  Put(&body, who.pid);
  Put(&body, ppid);
  Put(&body, who.tid);
  Put(&body, ptid);
  Put(&body, who.time);
  return Sideband(type, 0, body, who);
}
inline Bytes Fork(const Who& who, uint32_t ppid, uint32_t ptid) {
  return Task(PERF_RECORD_FORK, who, ppid, ptid);
}
inline Bytes Exit(const Who& who) {
  return Task(PERF_RECORD_EXIT, who, who.pid, who.tid);
}
inline Bytes Lost(const Who& who, uint64_t lost) {
  Bytes body;
  Put(&body, who.id);
  Put(&body, lost);
  return Sideband(PERF_RECORD_LOST, 0, body, who);
}

// The same of an event whose records end with PERF_SAMPLE_ID and PERF_SAMPLE_CPU.
inline Bytes LostCopies(const Who& who, uint64_t lost) {
  Bytes out = Header(PERF_RECORD_LOST, 0);
  Put(&out, who.id);
  Put(&out, lost);
  Put(&out, who.pid);
  Put(&out, who.tid);
  Put(&out, who.time);
  Put(&out, who.id);
  Put(&out, uint64_t{1});
  Put(&out, who.id);
  return Finish(out);
}

// The same of an event of who makes mappings: its records end with neither thread nor CPU.
inline Bytes LostMakerCopies(const Who& who, uint64_t lost) {
  Bytes out = Header(PERF_RECORD_LOST, 0);
  Put(&out, who.id);
  Put(&out, lost);
  Put(&out, who.time);
  Put(&out, who.id);
  return Finish(out);
}

// --- a session's events
// ---------------------------------------------------------------------------

// Ids of the events of a root: kMinorId + 16 * root and so on.
enum : uint64_t { kMinorId = 1, kMajorId, kUserId, kKernelId, kAnyId, kStackId, kCopyId };
constexpr uint64_t kSyscallIds = 100000;  // + kind

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
inline SampleLayout FinishedLayout() {
  perf_event_attr attr = {};
  attr.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_RAW;
  attr.sample_id_all = 1;
  SampleLayout layout = LayoutOf(attr);
  layout.time = 8 + 8 + 4;
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
  formats.events.AddBorrowed(EventKind::kMinor, LayoutFor(EventKind::kMinor, samples));
  formats.events.AddBorrowed(EventKind::kMajor, LayoutFor(EventKind::kMajor, samples));
  formats.events.AddBorrowed(EventKind::kStack, LayoutFor(EventKind::kStack, samples));
  formats.events.AddBorrowed(EventKind::kStackCopy, LayoutFor(EventKind::kStackCopy, samples));
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
inline Bytes TaskExit(const Who& who, uint64_t cgroup) {
  Bytes out = Raw({who.pid, who.tid, who.time, SyscallId(EventKind::kTaskExit)}, false, 36, {}, 0,
                  false, true);
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

// --- a ring of plain memory
// -------------------------------------------------------------------------

// Plays the kernel: writes records at the head, wrapping, as long as there is room.
class FakeRing {
 public:
  explicit FakeRing(size_t bytes, uint64_t position = 0) : data_(bytes) {
    memset(&control_, 0, sizeof control_);
    control_.data_head = position;
    control_.data_tail = position;
  }
  Ring Reader() {
    Ring ring;
    ring.Borrow(&control_, data_.data(), data_.size());
    return ring;
  }
  bool Write(const Bytes& record) {
    const uint64_t head = control_.data_head;
    const uint64_t tail = __atomic_load_n(&control_.data_tail, __ATOMIC_ACQUIRE);
    if (head + record.size() - tail > data_.size()) return false;
    PutBytes(head, record.data(), record.size());
    __atomic_store_n(&control_.data_head, head + record.size(), __ATOMIC_RELEASE);
    return true;
  }
  // Where a position says, and from the beginning on behind the end. No more than the ring holds.
  void PutBytes(uint64_t position, const uint8_t* bytes, size_t count) {
    const size_t at = position % data_.size();
    const size_t before_end = std::min(count, data_.size() - at);
    std::copy_n(bytes, before_end, data_.data() + at);
    std::copy_n(bytes + before_end, count - before_end, data_.data());
  }
  perf_event_mmap_page& control() { return control_; }
  Bytes& data() { return data_; }

 private:
  perf_event_mmap_page control_;
  Bytes data_;
};

}  // namespace test
}  // namespace pagefault
