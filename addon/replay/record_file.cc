#include "replay/record_file.h"

#include <algorithm>
#include <cstring>

#include "perf/sample_layout.h"
#include "perfdata/own_records.h"

namespace pagefault {
namespace perfdata {

namespace {

constexpr size_t kMaxEvents = 4096;
// Of all events together: many may claim the same bytes. Each id was a descriptor of the recorder.
constexpr uint64_t kMaxIdBytes = 32 << 20;
constexpr uint64_t kMaxFeature = 64 << 20;
// Bytes of attrs at a time that any recording might have.
constexpr uint64_t kMaxAttrs = kMaxEvents * 512;

// Of a record, by its header.
size_t SizeOf(const uint8_t* bytes) {
  return Load<perf_event_header>(bytes).size;
}

bool HasFeature(const FileHeader& header, uint32_t bit) {
  return (header.features[bit / 64] >> (bit % 64) & 1) != 0;
}

// Of a recording of ours that has not come to its end: the time of that is missing.
bool IsOwnOpen(const FileHeader& header, const Head& head) {
  OwnEvent event;
  OwnMode mode;
  return !HasFeature(header, kFeatureSampleTime) && IsOwn(head.events[0].attr, &event, &mode);
}

}  // namespace

bool RecordFile::End(Trouble trouble) {
  trouble_ = input_.error() != 0 ? Trouble::kUnreadable : trouble;
  return false;
}

bool RecordFile::Open() {
  const uint8_t* bytes = input_.Peek(kPipeHeader);
  if (bytes == nullptr) {
    return End(input_.buffered() == 0 ? Trouble::kEmpty : Trouble::kNotPerfData);
  }
  const uint64_t magic = Load<uint64_t>(bytes);
  if (magic == kMagicSwapped) return End(Trouble::kByteOrder);
  if (magic != kMagic) return End(Trouble::kNotPerfData);
  if (Load<uint64_t>(bytes + 8) == kPipeHeader) {
    input_.Skip(kPipeHeader);
    return true;
  }
  if (!input_.seekable()) return End(Trouble::kForwardOnly);
  return OpenFile();
}

bool RecordFile::OpenFile() {
  const std::vector<uint8_t> bytes = input_.At(0, sizeof(FileHeader));
  if (bytes.size() < sizeof(FileHeader)) return End(Trouble::kHead);
  const FileHeader header = Load<FileHeader>(bytes.data());
  const std::vector<uint8_t> attrs =
      input_.At(header.attrs.offset, std::min(header.attrs.size, kMaxAttrs));
  if (header.size < sizeof(FileHeader) || !ReadEvents(attrs, header.attr_size)) {
    return End(Trouble::kHead);
  }
  // A recorder that was killed has not filled in how much it wrote, nor anything behind that. Ours
  // has both unless it was just writing.
  const bool open = IsOwnOpen(header, head_);
  const bool unknown = header.data.size == 0 || (open && !HasFeature(header, kFeatureArchitecture));
  const uint64_t room = input_.size() - std::min(header.data.offset, input_.size());
  const uint64_t size = unknown ? room : std::min(header.data.size, room);
  const uint64_t end = header.data.offset + size;
  unfinished_ = unknown || open || size < header.data.size;
  if (!unknown && size == header.data.size) ReadFeatures(header, end);
  input_.Limit(header.data.offset, end);
  return true;
}

bool RecordFile::ReadEvents(const std::vector<uint8_t>& attrs, uint64_t attr_size) {
  if (attr_size <= sizeof(FileSection) || attr_size > attrs.size()) return false;
  const size_t own = static_cast<size_t>(attr_size) - sizeof(FileSection);
  uint64_t room = kMaxIdBytes;
  for (size_t at = 0; attrs.size() - at >= attr_size; at += static_cast<size_t>(attr_size)) {
    RecordedEvent event = {};
    if (!ReadAttr(attrs.data() + at, own, &event.attr)) return false;
    const FileSection ids = Load<FileSection>(attrs.data() + at + own);
    const std::vector<uint8_t> bytes = input_.At(ids.offset, std::min(ids.size, room));
    room -= bytes.size();
    for (size_t i = 0; i + 8 <= bytes.size(); i += 8) {
      event.ids.push_back(Load<uint64_t>(bytes.data() + i));
    }
    head_.events.push_back(std::move(event));
    if (head_.events.size() == kMaxEvents) break;
  }
  return !head_.events.empty();
}

void RecordFile::ReadFeatures(const FileHeader& header, uint64_t data_end) {
  uint64_t at = data_end;
  for (uint32_t bit = 0; bit < kFeatureBits; bit++) {
    if (!HasFeature(header, bit)) continue;
    const std::vector<uint8_t> place = input_.At(at, sizeof(FileSection));
    at += sizeof(FileSection);
    if (place.size() < sizeof(FileSection)) return;
    const FileSection section = Load<FileSection>(place.data());
    const std::vector<uint8_t> bytes =
        input_.At(section.offset, std::min(section.size, kMaxFeature));
    ReadFeature(bit, bytes.data(), bytes.size(), &head_);
  }
}

bool RecordFile::Next(const uint8_t** bytes, size_t* length) {
  if (trouble_ != Trouble::kNone) return false;
  input_.Skip(shown_);
  shown_ = 0;
  for (;;) {
    if (FromCompressed(bytes, length)) return true;
    if (trouble_ != Trouble::kNone || !FromFile(bytes, length)) return false;
    const uint32_t type = Load<uint32_t>(*bytes);
    if (type < kFirstUserRecord || type == kFinishedRound) return true;
    if (!TakeUserRecord(type, *bytes, *length)) return false;
  }
}

bool RecordFile::FromCompressed(const uint8_t** bytes, size_t* length) {
  for (;;) {
    const size_t have = decompressed_.size() - decompressed_at_;
    if (have >= kRecordHeader) {
      *bytes = decompressed_.data() + decompressed_at_;
      *length = SizeOf(*bytes);
      if (*length < kRecordHeader) return End(Trouble::kDamaged);
      if (*length <= have) {
        decompressed_at_ += *length;
        return true;
      }
    }
    decompressed_.erase(decompressed_.begin(),
                        decompressed_.begin() + static_cast<ptrdiff_t>(decompressed_at_));
    decompressed_at_ = 0;
    const size_t before = decompressed_.size();
    switch (decompressor_.Decompress(&decompressed_)) {
      case Decompressor::Result::kOk:
        if (decompressed_.size() == before) return false;
        break;
      case Decompressor::Result::kDamaged:
        return End(Trouble::kCompressed);
      case Decompressor::Result::kBomb:
        return End(Trouble::kBomb);
      case Decompressor::Result::kNotBuilt:
        return End(Trouble::kNotBuilt);
    }
  }
}

bool RecordFile::FromFile(const uint8_t** bytes, size_t* length) {
  const uint8_t* head = input_.Peek(kRecordHeader);
  if (head == nullptr) {
    const bool cut =
        input_.buffered() > 0 || decompressed_.size() > decompressed_at_ || unfinished_;
    return End(cut ? Trouble::kCutOff : Trouble::kNone);
  }
  *length = SizeOf(head);
  if (*length < kRecordHeader) return End(unfinished_ ? Trouble::kCutOff : Trouble::kDamaged);
  *bytes = input_.Peek(*length);
  if (*bytes == nullptr) return End(Trouble::kCutOff);
  shown_ = *length;
  return true;
}

bool RecordFile::TakeUserRecord(uint32_t type, const uint8_t* bytes, size_t length) {
  const uint8_t* body = bytes + kRecordHeader;
  const size_t size = length - kRecordHeader;
  uint64_t behind = 0;
  bool tracing_data = false;
  switch (type) {
    case kHeaderAttr:
      if (head_.events.size() < kMaxEvents) ReadHeaderAttr(body, size, &head_);
      break;
    case kHeaderFeature:
      if (size >= 8) {
        const uint64_t feature = Load<uint64_t>(body);
        if (feature < kFeatureBits) {
          ReadFeature(static_cast<uint32_t>(feature), body + 8, size - 8, &head_);
        }
      }
      break;
    case kTracingData:
      tracing_data = true;
      behind = size >= 4 ? Load<uint32_t>(body) : 0;
      break;
    case kAuxTrace:
      behind = size >= 8 ? Load<uint64_t>(body) : 0;
      break;
    case kCompressed:
    case kCompressed2:
      if (!PushCompressed(type, body, size)) return false;
      break;
    default:
      break;
  }
  input_.Skip(shown_);
  shown_ = 0;
  return tracing_data ? TakeTracingData(behind) : SkipBehind(behind);
}

bool RecordFile::PushCompressed(uint32_t type, const uint8_t* bytes, size_t length) {
  if (type == kCompressed) {
    decompressor_.Push(bytes, length);
    return true;
  }
  const uint64_t size = length >= 8 ? Load<uint64_t>(bytes) : 0;
  if (length < 8 || size > length - 8) return End(Trouble::kDamaged);
  decompressor_.Push(bytes + 8, static_cast<size_t>(size));
  return true;
}

bool RecordFile::TakeTracingData(uint64_t length) {
  const uint8_t* bytes = length > kMaxFeature ? nullptr : input_.Peek(static_cast<size_t>(length));
  if (bytes == nullptr) return End(Trouble::kCutOff);
  ReadTracingData(bytes, static_cast<size_t>(length), &head_);
  input_.Skip(static_cast<size_t>(length));
  return true;
}

bool RecordFile::SkipBehind(uint64_t length) {
  while (length > 0) {
    const size_t part = static_cast<size_t>(std::min<uint64_t>(length, 64 << 10));
    if (input_.Peek(part) == nullptr) return End(Trouble::kCutOff);
    input_.Skip(part);
    length -= part;
  }
  return true;
}

}  // namespace perfdata
}  // namespace pagefault
