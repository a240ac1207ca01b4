#include "perfdata/own_records.h"

#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "perf/sample_layout.h"
#include "perfdata/own_layout.h"

namespace pagefault {
namespace perfdata {

namespace {

constexpr uint64_t kFaultSample = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
                                  PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR | PERF_SAMPLE_CPU |
                                  PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_WEIGHT |
                                  PERF_SAMPLE_DATA_SRC;
// Nothing is known of where the data came from: all of perf_mem_data_src is NA.
constexpr uint64_t kNoDataSource = 0x1e05080021;
// Of config2.
constexpr uint64_t kEventBits = 0xff, kModeEntries = 0x100, kModeUnmaps = 0x200,
                   kModeSignals = 0x400, kModeUserOnly = 0x800;
// header.size is a u16, and what it counts is on 8 bytes.
constexpr size_t kMaxRecord = 0xfff8;

class Writer {
 public:
  Writer(uint32_t type, uint16_t misc, std::vector<uint8_t>* out) : out_(out), begin_(out->size()) {
    const perf_event_header header = {type, misc, 0};
    Raw(&header, sizeof header);
  }
  void U32(uint32_t value) { Raw(&value, sizeof value); }
  void U64(uint64_t value) { Raw(&value, sizeof value); }
  void Raw(const void* bytes, size_t length) {
    const uint8_t* from = static_cast<const uint8_t*>(bytes);
    out_->insert(out_->end(), from, from + length);
  }
  // With a zero behind it, on 8 bytes.
  void Name(const char* name, size_t length) {
    Raw(name, length);
    out_->resize(out_->size() + 8 - length % 8);
  }
  // What sample_id_all adds behind records that are no samples.
  void Trailer(uint32_t pid, uint32_t tid, uint64_t time) {
    U32(pid);
    U32(tid);
    U64(time);
    U64(0);  // CPU
    U64(kFirstOwnId);
  }
  // A record that is too long is left out.
  void End() {
    const size_t length = out_->size() - begin_;
    if (length > kMaxRecord) {
      out_->resize(begin_);
      return;
    }
    const uint16_t size = static_cast<uint16_t>(length);
    memcpy(out_->data() + begin_ + offsetof(perf_event_header, size), &size, sizeof size);
  }

 private:
  std::vector<uint8_t>* out_;
  size_t begin_;
};

OwnEvent EventOf(const FaultRow& row) {
  switch (row.flags & kFlagCompletion) {
    case kFlagMin:
      return OwnEvent::kMinor;
    case kFlagMaj:
      return OwnEvent::kMajor;
    default:
      return OwnEvent::kError;
  }
}

uint64_t IdOf(OwnEvent event) {
  return kFirstOwnId + static_cast<uint64_t>(event);
}

void PutMmap(const RecordRow& row, uint64_t time, std::vector<uint8_t>* out) {
  const bool data = (row.prot & PROT_EXEC) == 0;
  Writer record(
      PERF_RECORD_MMAP2,
      static_cast<uint16_t>(PERF_RECORD_MISC_USER | (data ? PERF_RECORD_MISC_MMAP_DATA : 0)), out);
  record.U32(row.pid);
  record.U32(row.tid);
  record.U64(row.start << 12);
  record.U64((row.end - row.start) << 12);
  record.U64(row.pgoff << 12);
  record.U32(row.dev_major);
  record.U32(row.dev_minor);
  record.U64(row.ino);
  record.U64(0);  // generation of the inode
  record.U32(row.prot);
  record.U32(row.flags);
  record.Name(row.name, row.name_length);
  record.Trailer(row.pid, row.tid, time);
  record.End();
}

void PutTask(const RecordRow& row, uint32_t type, uint64_t time, std::vector<uint8_t>* out) {
  Writer record(type, 0, out);
  record.U32(row.pid);
  record.U32(type == PERF_RECORD_FORK ? row.parent_pid : row.pid);
  record.U32(row.tid);
  record.U32(type == PERF_RECORD_FORK ? row.parent_tid : row.tid);
  record.U64(time);
  record.Trailer(row.pid, row.tid, time);
  record.End();
}

// What stands in the call chain behind the instruction: a stack begins with it where the fault was
// in user mode.
class Callers {
 public:
  Callers(const FaultRow& row, bool kernel, const RecordRow* stack) {
    if (stack == nullptr || stack->name_length < sizeof(uint64_t)) return;
    addresses_ = stack->name;
    length_ = stack->name_length / sizeof(uint64_t) * sizeof(uint64_t);
    uint64_t first;
    memcpy(&first, addresses_, sizeof first);
    opens_ = kernel || first != row.ip;
    if (opens_) return;
    addresses_ += sizeof first;
    length_ -= sizeof first;
  }
  size_t bytes() const { return (opens_ ? sizeof(uint64_t) : 0) + length_; }
  void CopyTo(uint8_t* at) const {
    const uint64_t context = PERF_CONTEXT_USER;
    if (opens_) memcpy(at, &context, sizeof context);
    if (length_ > 0) memcpy(at + bytes() - length_, addresses_, length_);
  }

 private:
  const char* addresses_ = nullptr;
  size_t length_ = 0;   // bytes
  bool opens_ = false;  // a mark of user mode comes first
};

// A note of no thread.
void PutPlainNote(NoteRow note, const std::string& text, uint64_t time, std::vector<uint8_t>* out) {
  note.name_length = static_cast<uint32_t>(text.size());
  Writer record(kNoteType, 0, out);
  record.U64(0);
  record.Raw(&note, sizeof note);
  record.Name(text.data(), text.size());
  record.Trailer(0, 0, time);
  record.End();
}

}  // namespace

const char* NameOf(OwnEvent event) {
  static const char* const kNames[] = {"minor-faults", "major-faults", "error-faults",
                                       "cow-faults"};
  return kNames[static_cast<size_t>(event)];
}

perf_event_attr AttrOf(OwnEvent event, const OwnMode& mode) {
  static constexpr uint64_t kConfigs[] = {PERF_COUNT_SW_PAGE_FAULTS_MIN,
                                          PERF_COUNT_SW_PAGE_FAULTS_MAJ, PERF_COUNT_SW_DUMMY,
                                          PERF_COUNT_SW_PAGE_FAULTS_MIN};
  perf_event_attr attr = {};
  attr.type = PERF_TYPE_SOFTWARE;
  attr.size = kOwnAttrSize;
  attr.config = kConfigs[static_cast<size_t>(event)];
  attr.config1 = kOwnMagic;
  attr.config2 = static_cast<uint64_t>(event) | (mode.entries ? kModeEntries : 0) |
                 (mode.unmaps ? kModeUnmaps : 0) | (mode.signals ? kModeSignals : 0) |
                 (mode.user_only ? kModeUserOnly : 0);
  attr.sample_period = 1;
  attr.sample_type = kFaultSample;
  attr.inherit = attr.sample_id_all = attr.exclude_guest = 1;
  attr.mmap = attr.mmap2 = attr.mmap_data = attr.comm = attr.comm_exec = attr.task =
      event == OwnEvent::kMinor ? 1 : 0;
  attr.use_clockid = 1;
  attr.clockid = CLOCK_MONOTONIC;
  return attr;
}

bool IsOwn(const perf_event_attr& attr, OwnEvent* event, OwnMode* mode) {
  const uint64_t number = attr.config2 & kEventBits;
  if (attr.type != PERF_TYPE_SOFTWARE || attr.config1 != kOwnMagic || number >= kOwnEvents) {
    return false;
  }
  *event = static_cast<OwnEvent>(number);
  mode->entries = (attr.config2 & kModeEntries) != 0;
  mode->unmaps = (attr.config2 & kModeUnmaps) != 0;
  mode->signals = (attr.config2 & kModeSignals) != 0;
  mode->user_only = (attr.config2 & kModeUserOnly) != 0;
  return attr.sample_type == kFaultSample;
}

size_t PutFault(const FaultRow& row, const RecordRow* stack, uint64_t start,
                std::vector<uint8_t>* out) {
  if (stack != nullptr) PutNote(*stack, start, out);
  const bool kernel = (row.flags & kFlagKernel) != 0;
  const Callers callers(row, kernel, stack);
  const size_t chain = callers.bytes();
  const size_t size = sizeof(FaultHead) + chain + sizeof(FaultTail);
  if (size > kMaxRecord) return 0;
  FaultHead head = {};
  const uint16_t mode = kernel ? PERF_RECORD_MISC_KERNEL : PERF_RECORD_MISC_USER;
  head.header = {PERF_RECORD_SAMPLE, mode, static_cast<uint16_t>(size)};
  head.id = IdOf(EventOf(row));
  head.ip = head.first = row.ip;
  head.pid = row.pid;
  head.tid = row.tid;
  head.time = start + row.time;
  head.address = row.address;
  head.facts = uint32_t{row.error_code} | uint32_t{row.flags} << 16 | uint32_t{row.signal} << 24;
  head.period = row.weight;
  head.chain = 2 + chain / 8;
  head.context = kernel ? PERF_CONTEXT_KERNEL : PERF_CONTEXT_USER;
  const uint64_t latency = row.latency < 0 ? 0 : static_cast<uint64_t>(row.latency);
  const FaultTail tail = {row.latency < 0 ? 0 : std::max<uint64_t>(latency, 1), kNoDataSource};
  const size_t begin = out->size();
  out->resize(begin + size);
  uint8_t* at = out->data() + begin;
  memcpy(at, &head, sizeof head);
  at += sizeof head;
  callers.CopyTo(at);
  memcpy(at + chain, &tail, sizeof tail);
  return size;
}

void MakeCopy(uint8_t* sample) {
  uint64_t id;
  memcpy(&id, sample + offsetof(FaultHead, id), sizeof id);
  if (id != IdOf(OwnEvent::kMinor)) return;
  id = IdOf(OwnEvent::kCopy);
  memcpy(sample + offsetof(FaultHead, id), &id, sizeof id);
}

void PutNote(const RecordRow& row, uint64_t start, std::vector<uint8_t>* out) {
  const NoteRow note = {row.start,
                        row.end,
                        row.pgoff,
                        row.entered,
                        row.new_start,
                        row.new_end,
                        row.count,
                        row.ino,
                        row.parent_pid,
                        row.parent_tid,
                        row.prot,
                        row.flags,
                        row.dev_major,
                        row.dev_minor,
                        static_cast<uint32_t>(row.name_length),
                        static_cast<uint32_t>(row.type)};
  Writer record(kNoteType, 0, out);
  record.U32(row.pid);
  record.U32(row.tid);
  record.Raw(&note, sizeof note);
  record.Name(row.name, row.name_length);
  record.Trailer(row.pid, row.tid, start + row.time);
  record.End();
}

void PutFact(const std::string& text, uint64_t time, std::vector<uint8_t>* out) {
  NoteRow note = {};
  note.type = kFact;
  PutPlainNote(note, text, time, out);
}

void PutBatchEnd(uint64_t start, uint64_t horizon, std::vector<uint8_t>* out) {
  NoteRow note = {};
  note.type = kBatchEnd;
  note.count = horizon;
  PutPlainNote(note, "", start + horizon, out);
}

void PutOrigin(uint64_t start, uint64_t begins, std::vector<uint8_t>* out) {
  NoteRow note = {};
  note.type = kOrigin;
  note.count = begins;
  PutPlainNote(note, "", start + begins, out);
}

void PutMoment(uint64_t time, std::vector<uint8_t>* out) {
  const char name[] = "pagefault-analy";
  const uint32_t self = static_cast<uint32_t>(getpid());
  Writer record(PERF_RECORD_COMM, 0, out);
  record.U32(self);
  record.U32(self);
  record.Name(name, sizeof name - 1);
  record.Trailer(self, self, time);
  record.End();
}

void PutSideband(const RecordRow& row, uint64_t start, std::vector<uint8_t>* out) {
  const uint64_t time = start + row.time;
  switch (row.type) {
    case RecordType::kMmap:
      return PutMmap(row, time, out);
    case RecordType::kComm: {
      Writer record(PERF_RECORD_COMM, row.flags != 0 ? PERF_RECORD_MISC_COMM_EXEC : 0, out);
      record.U32(row.pid);
      record.U32(row.tid);
      record.Name(row.name, row.name_length);
      record.Trailer(row.pid, row.tid, time);
      return record.End();
    }
    case RecordType::kFork:
      return PutTask(row, PERF_RECORD_FORK, time, out);
    case RecordType::kExit:
      return PutTask(row, PERF_RECORD_EXIT, time, out);
    case RecordType::kLost: {
      Writer record(PERF_RECORD_LOST, 0, out);
      record.U64(kFirstOwnId);
      record.U64(row.count);
      record.Trailer(row.pid, row.tid, time);
      return record.End();
    }
    default:
      return;
  }
}

}  // namespace perfdata
}  // namespace pagefault
