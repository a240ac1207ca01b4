#include "faults/decode.h"

#include <linux/perf_event.h>
#include <signal.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "bpf/fault_record.h"

namespace pagefault {

namespace {

// Reads a raw field of 4 or 8 bytes; false when it lies outside of the raw data.
bool LoadField(const uint8_t* raw, size_t raw_size, Field field, uint64_t* out) {
  if (field.size == 0 || size_t{field.offset} + field.size > raw_size) return false;
  switch (field.size) {
    case 8:
      *out = Load<uint64_t>(raw + field.offset);
      return true;
    case 4:
      *out = Load<uint32_t>(raw + field.offset);
      return true;
    default:
      return false;
  }
}

// What thread a signal is for, and why: kIgnored unless the thread sent it itself for an access of
// its own. Such codes are positive and below SI_KERNEL (include/uapi/asm-generic/siginfo.h); a
// signal of kill(2) or of sigqueue(3) proves nothing. Sender and receiver are numbers of the
// initial namespace.
void JudgeSignal(uint64_t sender, Record* out) {
  const uint64_t signal = out->argument[kSignalNumber];
  const uint64_t code = out->argument[kSignalReason];
  constexpr uint64_t kSiKernel = 0x80;
  const bool own = sender == out->argument[kSignalReceiver] && code != 0 && code < kSiKernel;
  if (!own || (signal != SIGSEGV && signal != SIGBUS)) {
    out->kind = RecordKind::kIgnored;
    return;
  }
  out->signal = static_cast<uint8_t>(signal);
  out->signal_code = static_cast<uint8_t>(code);
}

// clone returns 0 in the new thread. Its registers are the stack pointer alone.
void JudgeThreadStart(const SampleParts& parts, Record* out) {
  if (out->argument[0] != 0) out->kind = RecordKind::kIgnored;
  out->stack_pointer = parts.registers == nullptr ? 0 : Load<uint64_t>(parts.registers);
}

// The user part of a call chain. Another perf session that watches the same thread may have had the
// chain made for both (EventIds): then it holds the kernel's part too.
void TakeChain(const SampleParts& parts, Record* out) {
  const auto at = [&](uint64_t i) { return Load<uint64_t>(parts.callchain + 8 * i); };
  uint64_t begin = 0;
  while (begin < parts.callchain_size && at(begin) != PERF_CONTEXT_USER) begin++;
  begin++;  // the marker
  uint64_t end = begin;
  while (end < parts.callchain_size && end - begin < kMaxChain && at(end) < PERF_CONTEXT_MAX) end++;
  out->chain_size = end - begin;
  out->chain = out->chain_size == 0 ? nullptr : parts.callchain + 8 * begin;
}

// Registers and stack of a program of 64 bits.
void TakeCopy(const SampleParts& parts, Record* out) {
  out->copied = true;
  out->registers = parts.abi == PERF_SAMPLE_REGS_ABI_64 ? parts.registers : nullptr;
  out->stack = parts.stack;
  out->stack_size = std::min<size_t>(parts.stack_size, kStackCopyBytes);
}

bool TakeTaskEnd(const SampleParts& parts, Field name, Record* out) {
  if (name.size != kCommSize || size_t{name.offset} + name.size > parts.raw_size) return false;
  out->cgroup = parts.cgroup;
  out->name = reinterpret_cast<const char*>(parts.raw + name.offset);
  out->name_length = strnlen(out->name, name.size);
  return true;
}

bool DecodeTracepoint(const RawRecord& raw, const EventSpec& spec, const Formats& formats,
                      Record* out) {
  const TracepointFormat& format = formats.Of(spec.kind);
  const SampleLayout& layout = raw.event->layout;
  SampleParts parts;
  if (!FindParts(layout, raw.bytes, raw.length, &parts)) return false;
  uint64_t thread = 0;
  if (layout.thread == 0) {
    if (!LoadField(parts.raw, parts.raw_size, format.thread, &thread)) return false;
    out->tid = static_cast<uint32_t>(thread);
  }
  out->kind = spec.record;
  if (spec.record == RecordKind::kTaskEnd) return TakeTaskEnd(parts, format.field[0], out);
  for (size_t i = 0; i < spec.field_count; i++) {
    if (!LoadField(parts.raw, parts.raw_size, format.field[i], &out->argument[i])) return false;
  }
  switch (spec.record) {
    case RecordKind::kEntry:
      out->user_mode = spec.kind == EventKind::kEntryUser;
      out->address = out->argument[kFaultAddress];
      out->ip = out->argument[kFaultIp];
      out->error_code = out->argument[kFaultErrorCode];
      return true;
    case RecordKind::kThreadStart:
      JudgeThreadStart(parts, out);
      return true;
    case RecordKind::kSignal:
      if (!LoadField(parts.raw, parts.raw_size, format.thread, &thread)) return false;
      JudgeSignal(thread, out);
      return true;
    case RecordKind::kSyscall:
      TakeChain(parts, out);
      return true;
    case RecordKind::kMakerCopy:
      TakeCopy(parts, out);
      return true;
    case RecordKind::kNewTask:
      out->flags = static_cast<uint32_t>(out->argument[0]);
      return true;
    default:
      return true;
  }
}

bool DecodeStack(const RawRecord& raw, Record* out) {
  SampleParts parts;
  if (!FindParts(raw.event->layout, raw.bytes, raw.length, &parts)) return false;
  TakeChain(parts, out);
  return true;
}

bool DecodeStackCopy(const RawRecord& raw, Record* out) {
  SampleParts parts;
  if (!FindParts(raw.event->layout, raw.bytes, raw.length, &parts)) return false;
  TakeCopy(parts, out);
  return true;
}

// What the programs may write. A fault and a stack stand for themselves at least.
bool Sane(const BpfFault& fault, bool sampled, bool stacked) {
  if (stacked && fault.stack_every == 0) return false;
  if (fault.ending == kBpfCounted) return sampled && !stacked;
  return fault.ending < kBpfCounted && (!sampled || (fault.weight > 0 && fault.counted > 0));
}

bool DecodeFinished(const RawRecord& raw, const Formats& formats, Record* out) {
  SampleParts parts;
  if (!FindParts(raw.event->layout, raw.bytes, raw.length, &parts)) return false;
  BpfFault fault = {};
  const bool sampled = formats.sampled;
  const bool stacked = raw.event->kind != EventKind::kFinished;
  const size_t bytes = stacked ? kBpfStackBytes : sampled ? kBpfSampleBytes : kBpfFaultBytes;
  if (parts.raw_size < bytes) return false;
  memcpy(&fault, parts.raw, bytes);
  if (!Sane(fault, sampled, stacked)) return false;
  out->kind = RecordKind::kFinished;
  out->event = fault.ending == kBpfMajor ? EventKind::kMajor : EventKind::kMinor;
  out->pid = fault.pid;
  out->tid = fault.tid;
  out->entered = fault.entered;
  out->address = fault.address;
  out->addressed = true;
  out->ip = fault.ip;
  out->error_code = fault.error_code;
  out->ending = fault.ending;
  if (sampled) {
    out->weight = fault.weight;
    out->counted = fault.counted;
  }
  out->user_mode = fault.user_mode != 0;
  out->listed = fault.listed != 0;
  out->signal = fault.bus != 0 ? SIGBUS : SIGSEGV;
  out->signal_code = fault.signal_code;
  if (!stacked) return true;
  out->stack_every = fault.stack_every;
  if (raw.event->kind == EventKind::kFinishedCopy) {
    TakeCopy(parts, out);
  } else {
    TakeChain(parts, out);
  }
  return true;
}

bool DecodeSample(const RawRecord& raw, const Formats& formats, Record* out) {
  const EventIds::Entry& event = *raw.event;
  const SampleLayout& layout = event.layout;
  if (raw.length < layout.fixed) return false;
  out->event = event.kind;
  out->borrowed = event.borrowed;
  out->pid = layout.thread == 0 ? 0 : Load<uint32_t>(raw.bytes + layout.thread);
  out->tid = layout.thread == 0 ? 0 : Load<uint32_t>(raw.bytes + layout.thread + 4);
  const EventSpec& spec = SpecOf(event.kind);
  if (!spec.software()) return DecodeTracepoint(raw, spec, formats, out);
  if (spec.record == RecordKind::kIgnored) return true;
  if (spec.record == RecordKind::kFinished) return DecodeFinished(raw, formats, out);
  out->kind = spec.record;
  out->addressed = layout.address != 0;
  out->address = out->addressed ? Load<uint64_t>(raw.bytes + layout.address) : 0;
  out->ip = layout.ip == 0 ? 0 : Load<uint64_t>(raw.bytes + layout.ip);
  out->error_code = 0;
  if (spec.record == RecordKind::kStack || layout.callchain) return DecodeStack(raw, out);
  return spec.record != RecordKind::kStackCopy || DecodeStackCopy(raw, out);
}

// perf may record the build id in the place of device and inode: it tells files apart as well.
void TakeBuildId(const uint8_t* body, Record* out) {
  constexpr size_t kSize = 32, kId = 36;  // u8 bytes of the id, which is 20 at most
  const uint8_t size = body[kSize];
  out->ino = 0;
  memcpy(&out->ino, body + kId, std::min<size_t>(size, sizeof out->ino));
}

// A NUL-terminated name in [at, end); capped by the record.
void TakeName(const uint8_t* bytes, size_t at, size_t end, Record* out) {
  out->name = reinterpret_cast<const char*>(bytes + at);
  out->name_length = strnlen(out->name, end - at);
}

// `end`: of its body, behind which stands what every record ends with.
bool DecodeMmap2(const uint8_t* bytes, size_t end, const Formats& formats, uint16_t misc,
                 Record* out) {
  const uint8_t* body = bytes + kRecordHeader;
  if (end < kRecordHeader + 64) return false;
  const bool build_id = (misc & PERF_RECORD_MISC_MMAP_BUILD_ID) != 0;
  if (build_id && !formats.build_ids) return false;
  out->kind = RecordKind::kMmap;
  out->pid = Load<uint32_t>(body);
  out->tid = Load<uint32_t>(body + 4);
  out->address = Load<uint64_t>(body + 8);
  out->length = Load<uint64_t>(body + 16);
  out->pgoff = Load<uint64_t>(body + 24);
  out->dev_major = Load<uint32_t>(body + 32);
  out->dev_minor = Load<uint32_t>(body + 36);
  out->ino = Load<uint64_t>(body + 40);
  if (build_id) {
    out->dev_major = out->dev_minor = 0;
    TakeBuildId(body, out);
  }
  out->prot = Load<uint32_t>(body + 56);
  out->flags = Load<uint32_t>(body + 60);
  out->shared = (out->flags & MAP_TYPE) == MAP_SHARED;
  TakeName(bytes, kRecordHeader + 64, end, out);
  return true;
}

bool DecodeSideband(const RawRecord& raw, const Formats& formats, uint32_t type, uint16_t misc,
                    Record* out) {
  const size_t trailer = raw.event->layout.trailer;
  if (raw.length < kRecordHeader + trailer) return false;
  const uint8_t* bytes = raw.bytes;
  const size_t end = raw.length - trailer;
  const uint8_t* body = bytes + kRecordHeader;
  const size_t body_size = end - kRecordHeader;
  switch (type) {
    case PERF_RECORD_MMAP2:
      return DecodeMmap2(bytes, end, formats, misc, out);
    case PERF_RECORD_COMM:
      if (body_size < 8) return false;
      out->kind = RecordKind::kComm;
      out->pid = Load<uint32_t>(body);
      out->tid = Load<uint32_t>(body + 4);
      out->exec = (misc & PERF_RECORD_MISC_COMM_EXEC) != 0;
      TakeName(bytes, kRecordHeader + 8, end, out);
      return true;
    case PERF_RECORD_FORK:
    case PERF_RECORD_EXIT:
      if (body_size < 24) return false;
      out->kind = type == PERF_RECORD_FORK ? RecordKind::kFork : RecordKind::kExit;
      out->pid = Load<uint32_t>(body);
      out->ppid = Load<uint32_t>(body + 4);
      out->tid = Load<uint32_t>(body + 8);
      out->ptid = Load<uint32_t>(body + 12);
      return true;
    case kRecordCgroup:
      if (body_size < 8) return false;
      out->kind = RecordKind::kCgroup;
      out->pid = out->tid = 0;
      out->cgroup = Load<uint64_t>(body);
      TakeName(bytes, kRecordHeader + 8, end, out);
      return true;
    case PERF_RECORD_LOST:
      if (body_size < 16) return false;
      out->kind = RecordKind::kLost;
      out->lost = Load<uint64_t>(body + 8);
      return true;
    default:
      return true;
  }
}

}  // namespace

void CopyWords(const Record& record, std::vector<uint64_t>* out) {
  const size_t words = record.stack_size / 8;
  out->resize(kUnwindCount + words);
  memcpy(out->data(), record.registers, 8 * kUnwindCount);
  if (words > 0) memcpy(out->data() + kUnwindCount, record.stack, 8 * words);
}

bool Decode(const RawRecord& raw, const Formats& formats, Record* out) {
  out->kind = RecordKind::kIgnored;
  out->event = EventKind::kNone;
  out->user_mode = false;
  out->borrowed = false;
  out->addressed = false;
  out->listed = false;
  out->weight = 1;
  out->counted = 1;
  out->stack_every = 0;
  out->copied = false;
  out->chain = nullptr;
  out->chain_size = 0;
  out->name = nullptr;
  out->name_length = 0;
  if (raw.length < kRecordHeader) return false;
  out->time = raw.time;
  out->root = raw.event->root;
  const uint16_t misc = Load<uint16_t>(raw.bytes + 4);
  if (IsSample(raw.bytes)) {
    out->user_mode = (misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_USER;
    return DecodeSample(raw, formats, out);
  }
  return DecodeSideband(raw, formats, Load<uint32_t>(raw.bytes), misc, out);
}

}  // namespace pagefault
