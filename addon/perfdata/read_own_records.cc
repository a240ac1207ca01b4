#include <algorithm>

#include "perf/sample_layout.h"
#include "perfdata/own_layout.h"
#include "perfdata/own_records.h"

namespace pagefault {
namespace perfdata {

namespace {

// Of a note. False where its name cannot be in it.
bool ReadRow(const uint8_t* bytes, size_t length, NoteRow* out) {
  if (length < kNameAt + kTrailer) return false;
  *out = Load<NoteRow>(bytes + kNoteRowAt);
  return out->name_length <= length - kNameAt - kTrailer;
}

// Of a note that is a number.
bool ReadCount(const uint8_t* bytes, size_t length, uint32_t type, uint64_t* out) {
  NoteRow note;
  if (!ReadRow(bytes, length, &note) || note.type != type) return false;
  *out = note.count;
  return true;
}

}  // namespace

bool ReadFault(const uint8_t* bytes, size_t length, uint64_t start, FaultRow* out) {
  if (length < kChainAt + 8) return false;
  const uint64_t chain = Load<uint64_t>(bytes + kChainAt);
  const size_t behind = length - kChainAt - 8;
  if (chain > behind / 8 || behind - 8 * chain < 16) return false;
  const uint64_t time = Load<uint64_t>(bytes + kTimeAt);
  const uint64_t latency = Load<uint64_t>(bytes + kChainAt + 8 + 8 * chain);
  const uint32_t facts = Load<uint32_t>(bytes + kCpuAt + 4);
  const uint64_t period = Load<uint64_t>(bytes + kPeriodAt);
  out->time = time > start ? time - start : 0;
  out->latency = latency == 0 || latency > INT64_MAX ? -1 : static_cast<int64_t>(latency);
  out->address = Load<uint64_t>(bytes + kAddressAt);
  out->ip = Load<uint64_t>(bytes + kIpAt);
  out->pid = Load<uint32_t>(bytes + kTidAt);
  out->tid = Load<uint32_t>(bytes + kTidAt + 4);
  out->weight = static_cast<uint32_t>(std::clamp<uint64_t>(period, 1, UINT32_MAX));
  out->error_code = static_cast<uint16_t>(facts);
  out->flags = static_cast<uint8_t>(facts >> 16);
  out->signal = static_cast<uint8_t>(facts >> 24);
  return (out->flags & kFlagCompletion) != kFlagCompletion;
}

bool ReadNote(const uint8_t* bytes, size_t length, uint64_t time, uint64_t start, RecordRow* out) {
  NoteRow note;
  if (!ReadRow(bytes, length, &note)) return false;
  // A copied stack lay in a slot that is gone.
  const auto type = static_cast<RecordType>(note.type);
  if (type == RecordType::kStackCopy || type == RecordType::kMadeByCopy) return false;
  if (note.type < 1 || note.type > static_cast<uint32_t>(RecordType::kCgroup)) return false;
  *out = RecordRow{type};
  out->time = time > start ? time - start : 0;
  out->pid = Load<uint32_t>(bytes + kRecordHeader);
  out->tid = Load<uint32_t>(bytes + kRecordHeader + 4);
  out->start = note.start;
  out->end = note.end;
  out->pgoff = note.pgoff;
  out->entered = note.entered;
  out->new_start = note.new_start;
  out->new_end = note.new_end;
  out->count = note.count;
  out->ino = note.ino;
  out->parent_pid = note.parent_pid;
  out->parent_tid = note.parent_tid;
  out->prot = note.prot;
  out->flags = note.flags;
  out->dev_major = note.dev_major;
  out->dev_minor = note.dev_minor;
  out->name = reinterpret_cast<const char*>(bytes + kNameAt);
  out->name_length = note.name_length;
  if (out->is_chain()) out->name_length -= out->name_length % 8;
  return true;
}

bool ReadFact(const uint8_t* bytes, size_t length, const char** text, size_t* size) {
  NoteRow note;
  if (!ReadRow(bytes, length, &note) || note.type != kFact) return false;
  *text = reinterpret_cast<const char*>(bytes + kNameAt);
  *size = note.name_length;
  return true;
}

bool ReadOrigin(const uint8_t* bytes, size_t length, uint64_t* begins) {
  return ReadCount(bytes, length, kOrigin, begins);
}

bool ReadBatchEnd(const uint8_t* bytes, size_t length, uint64_t* horizon) {
  return ReadCount(bytes, length, kBatchEnd, horizon);
}

}  // namespace perfdata
}  // namespace pagefault
