#include "decode.h"

#include <linux/perf_event.h>
#include <signal.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>

namespace pagefault {

namespace {

template <typename T>
T Load(const uint8_t* bytes) {
  T value;
  memcpy(&value, bytes, sizeof value);  // records are 8-byte aligned, their parts need not be
  return value;
}

// Trailer of non-sample records (sample_id_all): pid, tid, time, identifier.
constexpr size_t kTrailer = 24;
constexpr size_t kHeader = sizeof(perf_event_header);

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

// clone returns 0 in the new thread. `regs` is where PERF_SAMPLE_REGS_USER lies: u64 abi, then the
// one register asked for (abi 0: none).
void JudgeThreadStart(const uint8_t* bytes, size_t length, size_t regs, Record* out) {
  if (out->argument[0] != 0) out->kind = RecordKind::kIgnored;
  out->stack_pointer = 0;
  if (regs + 16 <= length && Load<uint64_t>(bytes + regs) != 0) {
    out->stack_pointer = Load<uint64_t>(bytes + regs + 8);
  }
}

bool DecodeTracepoint(const uint8_t* bytes, size_t length, const Formats& formats, Record* out) {
  const EventSpec& spec = SpecOf(out->event);
  const TracepointFormat& format = formats.Of(out->event);
  const size_t at = formats.layout.payload_offset(length);
  if (at + 4 > length) return false;
  const size_t raw_size = Load<uint32_t>(bytes + at);
  const uint8_t* raw = bytes + at + 4;
  if (raw_size > length - at - 4) return false;
  uint64_t thread = 0;
  if (!formats.layout.has_tid(length)) {
    if (!LoadField(raw, raw_size, format.thread, &thread)) return false;
    out->tid = static_cast<uint32_t>(thread);
  }
  for (size_t i = 0; i < spec.field_count; i++) {
    if (!LoadField(raw, raw_size, format.field[i], &out->argument[i])) return false;
  }
  out->kind = spec.record;
  switch (spec.record) {
    case RecordKind::kEntry:
      out->user_mode = out->event == EventKind::kEntryUser;
      out->address = out->argument[kFaultAddress];
      out->ip = out->argument[kFaultIp];
      out->error_code = out->argument[kFaultErrorCode];
      return true;
    case RecordKind::kThreadStart:
      JudgeThreadStart(bytes, length, at + 4 + raw_size, out);
      return true;
    case RecordKind::kSignal:
      if (!LoadField(raw, raw_size, format.thread, &thread)) return false;
      JudgeSignal(thread, out);
      return true;
    case RecordKind::kNewTask:
      out->flags = static_cast<uint32_t>(out->argument[0]);
      return true;
    default:
      return true;
  }
}

EventKind KindBySize(size_t length, const SampleLayout& layout) {
  if (length == layout.minor_size()) return EventKind::kMinor;
  if (length == layout.major_size()) return EventKind::kMajor;
  if (length == layout.entry_size() && layout.with_ip) return EventKind::kEntryAny;
  return EventKind::kNone;
}

bool DecodeSample(const uint8_t* bytes, size_t length, const Formats& formats, Record* out) {
  const SampleLayout& layout = formats.layout;
  const size_t payload = layout.payload_offset(length);
  if (length < payload) return false;
  const EventTable::Entry& event = formats.events.Find(Load<uint64_t>(bytes + kHeader));
  out->event = event.kind;
  out->root = event.root;
  if (event.kind == EventKind::kNone) {
    out->event = KindBySize(length, layout);
    out->borrowed = out->event != EventKind::kNone;
  }
  out->pid = 0;
  out->tid = 0;
  if (layout.has_tid(length)) {
    out->pid = Load<uint32_t>(bytes + layout.tid_offset());
    out->tid = Load<uint32_t>(bytes + layout.tid_offset() + 4);
  }
  out->time = Load<uint64_t>(bytes + payload - 8);
  const EventSpec& spec = SpecOf(out->event);
  if (!spec.software()) return DecodeTracepoint(bytes, length, formats, out);
  if (spec.record == RecordKind::kIgnored) return true;
  if (length < payload + 8) return false;
  out->kind = spec.record;
  out->address = Load<uint64_t>(bytes + payload);
  out->ip = layout.with_ip ? Load<uint64_t>(bytes + 16) : 0;
  out->error_code = 0;
  return true;
}

// A NUL-terminated name in [at, end); capped by the record.
void TakeName(const uint8_t* bytes, size_t at, size_t end, Record* out) {
  out->name = reinterpret_cast<const char*>(bytes + at);
  out->name_length = strnlen(out->name, end - at);
}

bool DecodeSideband(const uint8_t* bytes, size_t length, uint32_t type, uint16_t misc,
                    const Formats& formats, Record* out) {
  if (length < kHeader + kTrailer) return false;
  const size_t end = length - kTrailer;
  out->time = Load<uint64_t>(bytes + length - 16);
  const EventTable::Entry& event = formats.events.Find(Load<uint64_t>(bytes + length - 8));
  out->root = event.root;
  const uint8_t* body = bytes + kHeader;
  const size_t body_size = end - kHeader;
  switch (type) {
    case PERF_RECORD_MMAP2: {
      if (body_size < 64) return false;
      // With a build id in place of device and inode the names could not be told apart; not asked
      // for.
      if (misc & PERF_RECORD_MISC_MMAP_BUILD_ID) return false;
      out->kind = RecordKind::kMmap;
      out->pid = Load<uint32_t>(body);
      out->tid = Load<uint32_t>(body + 4);
      out->address = Load<uint64_t>(body + 8);
      out->length = Load<uint64_t>(body + 16);
      out->pgoff = Load<uint64_t>(body + 24);
      out->dev_major = Load<uint32_t>(body + 32);
      out->dev_minor = Load<uint32_t>(body + 36);
      out->ino = Load<uint64_t>(body + 40);
      out->prot = Load<uint32_t>(body + 56);
      out->flags = Load<uint32_t>(body + 60);
      out->shared = (out->flags & MAP_TYPE) == MAP_SHARED;
      TakeName(bytes, kHeader + 64, end, out);
      return true;
    }
    case PERF_RECORD_COMM:
      if (body_size < 8) return false;
      out->kind = RecordKind::kComm;
      out->pid = Load<uint32_t>(body);
      out->tid = Load<uint32_t>(body + 4);
      out->exec = (misc & PERF_RECORD_MISC_COMM_EXEC) != 0;
      TakeName(bytes, kHeader + 8, end, out);
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

void EventTable::Add(uint64_t id, EventKind kind, uint32_t root) {
  if (dense_.empty()) base_ = id;
  const uint64_t index = id - base_;
  if (index < kMaxSpan) {
    if (index >= dense_.size()) dense_.resize(index + 1);
    dense_[index] = {kind, root};
  } else {
    sparse_[id] = {kind, root};
  }
}

void EventTable::Remove(uint64_t id) {
  const uint64_t index = id - base_;
  if (index < dense_.size()) dense_[index] = Entry();
  sparse_.erase(id);
}

const EventTable::Entry& EventTable::FindSparse(uint64_t id) const {
  const auto found = sparse_.find(id);
  return found == sparse_.end() ? none_ : found->second;
}

uint64_t RecordTime(const uint8_t* bytes, size_t length, const SampleLayout& layout) {
  const uint32_t type = Load<uint32_t>(bytes);
  if (type == PERF_RECORD_SAMPLE) {
    const size_t at = layout.time_offset(length);
    return length < at + 8 ? 0 : Load<uint64_t>(bytes + at);
  }
  return length < kHeader + kTrailer ? 0 : Load<uint64_t>(bytes + length - 16);
}

bool Decode(const uint8_t* bytes, size_t length, const Formats& formats, Record* out) {
  out->kind = RecordKind::kIgnored;
  out->event = EventKind::kNone;
  out->user_mode = false;
  out->borrowed = false;
  if (length < kHeader) return false;
  const uint32_t type = Load<uint32_t>(bytes);
  const uint16_t misc = Load<uint16_t>(bytes + 4);
  if (type == PERF_RECORD_SAMPLE) {
    out->user_mode = (misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_USER;
    return DecodeSample(bytes, length, formats, out);
  }
  return DecodeSideband(bytes, length, type, misc, formats, out);
}

}  // namespace pagefault
