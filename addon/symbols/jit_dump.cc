#include "jit_dump.h"

#include <errno.h>
#include <unistd.h>

#include <cstring>

#include "demangle.h"

namespace pagefault {
namespace symbols {

namespace {

constexpr uint32_t kMagic = 0x4A695444;  // of this machine's byte order
constexpr uint32_t kVersion = 1;
constexpr size_t kHeaderBytes = 40;
constexpr size_t kPrefixBytes = 16;  // u32 id, u32 size, u64 time

enum Record : uint32_t { kCodeLoad = 0, kCodeMove = 1 };

// Both: prefix, u32 pid, u32 tid, u64 vma. Load: u64 address, u64 size, u64 index, the name.
// Move: u64 old and new address, u64 size, u64 index.
constexpr size_t kLoadBytes = kPrefixBytes + 40;
constexpr size_t kMoveBytes = kPrefixBytes + 48;
constexpr size_t kMostOfRecord = kLoadBytes + kMaxName;

constexpr size_t kPieceBytes = 256 << 10;
// Of which every one costs a moment, whatever it says.
constexpr size_t kMaxRecords = 4 << 20;

template <typename T>
T Field(const uint8_t* bytes, size_t at) {
  T value;
  memcpy(&value, bytes + at, sizeof value);
  return value;
}

}  // namespace

void JitDump::Read(const Fd& file) {
  // Not by fstat(2), which some C libraries make of a call that takes paths.
  const off_t end = lseek(file.get(), 0, SEEK_END);
  if (end < 0 || static_cast<uint64_t>(end) < next_) *this = JitDump();
  size_ = end < 0 ? 0 : static_cast<uint64_t>(end);
  piece_.clear();
  if (next_ == 0 && !ReadHeader(file)) return;
  while (ReadRecord(file)) {
  }
  std::vector<uint8_t>().swap(piece_);
  code_.Build();
}

const uint8_t* JitDump::At(const Fd& file, uint64_t offset, size_t wanted, size_t* length) {
  const bool held = offset >= piece_at_ && offset - piece_at_ <= piece_.size() &&
                    piece_.size() - (offset - piece_at_) >= wanted;
  if (!held) {
    piece_.resize(kPieceBytes);
    ssize_t n;
    do {
      n = pread(file.get(), piece_.data(), piece_.size(), static_cast<off_t>(offset));
    } while (n < 0 && errno == EINTR);
    piece_.resize(n < 0 ? 0 : static_cast<size_t>(n));
    piece_at_ = offset;
  }
  const size_t from = static_cast<size_t>(offset - piece_at_);
  *length = std::min(wanted, piece_.size() - from);
  return piece_.data() + from;
}

bool JitDump::ReadHeader(const Fd& file) {
  size_t length;
  const uint8_t* header = At(file, 0, kHeaderBytes, &length);
  if (length < kHeaderBytes) return false;
  const uint32_t bytes = Field<uint32_t>(header, 8);
  broken_ = Field<uint32_t>(header, 0) != kMagic || Field<uint32_t>(header, 4) != kVersion ||
            bytes < kHeaderBytes;
  next_ = broken_ ? kHeaderBytes : bytes;
  return true;
}

bool JitDump::ReadRecord(const Fd& file) {
  if (broken_ || next_ >= size_ || records_ >= kMaxRecords) return false;
  size_t length;
  const uint8_t* record = At(file, next_, kMostOfRecord, &length);
  if (length < kPrefixBytes) return false;
  const uint32_t bytes = Field<uint32_t>(record, 4);
  broken_ = bytes < kPrefixBytes;
  // Its end is not written yet.
  if (broken_ || bytes > size_ - next_) return false;
  length = std::min<size_t>(length, bytes);
  switch (Field<uint32_t>(record, 0)) {
    case kCodeLoad:
      Load(record, length);
      break;
    case kCodeMove:
      Move(record, length);
      break;
    default:
      break;
  }
  next_ += bytes;
  records_++;
  return true;
}

void JitDump::Load(const uint8_t* record, size_t length) {
  if (length <= kLoadBytes) return;
  const char* name = reinterpret_cast<const char*>(record) + kLoadBytes;
  const size_t name_length = strnlen(name, length - kLoadBytes);
  if (name_length == 0) return;
  const uint32_t function =
      code_.Add(Field<uint64_t>(record, kPrefixBytes + 16),
                Field<uint64_t>(record, kPrefixBytes + 24), name, name_length);
  if (function != JitCode::kNone) {
    functions_[Field<uint64_t>(record, kPrefixBytes + 32)] = function;
  }
}

void JitDump::Move(const uint8_t* record, size_t length) {
  if (length < kMoveBytes) return;
  const auto found = functions_.find(Field<uint64_t>(record, kPrefixBytes + 40));
  if (found == functions_.end()) return;
  code_.Move(found->second, Field<uint64_t>(record, kPrefixBytes + 24),
             Field<uint64_t>(record, kPrefixBytes + 32));
}

}  // namespace symbols
}  // namespace pagefault
