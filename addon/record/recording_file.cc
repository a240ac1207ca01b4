#include "record/recording_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "perf/sample_layout.h"
#include "perfdata/format.h"
#include "util/clock.h"

namespace pagefault {
namespace perfdata {

namespace {

constexpr size_t kIdsAt = sizeof(FileHeader);
constexpr size_t kAttrsAt = kIdsAt + 8 * kOwnEvents;
constexpr size_t kFeaturesAt = kAttrsAt + kOwnEvents * (kOwnAttrSize + sizeof(FileSection));

void PutSection(uint64_t offset, uint64_t size, reader::Output* out) {
  out->U64(offset);
  out->U64(size);
}

// What is written back at a time, and so many times that is looked at until it is on the disk.
constexpr uint64_t kBack = 8 << 20;
constexpr uint64_t kLooks = 4;

// Bytes of the records that are whole in the first `length` bytes.
size_t WholeRecords(const std::vector<uint8_t>& records, size_t length) {
  size_t at = 0;
  while (length - at >= sizeof(perf_event_header)) {
    const size_t size = Load<perf_event_header>(records.data() + at).size;
    if (size > length - at) break;
    at += size;
  }
  return at;
}

}  // namespace

RecordingFile::RecordingFile(Fd file, const HeadParts& parts, uint64_t start)
    : fd_(std::move(file)), parts_(parts) {
  parts_.started = parts_.ended = start;
  SetFeatures();
}

void RecordingFile::SetFeatures() {
  reader::Output places, sections;
  for (const auto& [bit, section] : FeaturesOf(parts_)) {
    PutSection(kFeaturesAt + sections.bytes().size(), section.bytes().size(), &places);
    sections.Raw(section.bytes().data(), section.bytes().size());
    bits_ |= uint64_t{1} << bit;
  }
  features_ = sections.bytes();
  table_ = places.bytes();
  reserve_.resize(table_.size());
  const perf_event_header header = {kFinishedInit, 0, static_cast<uint16_t>(reserve_.size())};
  memcpy(reserve_.data(), &header, sizeof header);
  data_at_ = (kFeaturesAt + features_.size() + 7) / 8 * 8;
}

int RecordingFile::Begin() {
  std::vector<uint8_t> none;
  const int error = WriteHead(false);
  return error != 0 ? error : Put(&none);
}

// Behind each piece stands a reserve, which the next one overwrites: on a disk that is full then
// there is room for the table.
int RecordingFile::Put(std::vector<uint8_t>* records) {
  const size_t size = records->size();
  records->insert(records->end(), reserve_.begin(), reserve_.end());
  size_t done;
  const int error = WriteAt(*records, data_at_ + written_, &done);
  parts_.ended = MonotonicNow();
  written_ += error == 0 ? size : WholeRecords(*records, done - std::min(done, reserve_.size()));
  LeavePageCache();
  return error;
}

// POSIX_FADV_DONTNEED begins to write back what is dirty, does not wait for it, and drops what is
// clean (mm/fadvise.c).
void RecordingFile::LeavePageCache() {
  if (written_ - left_ < kBack) return;
  left_ = written_;
  const uint64_t from = written_ - std::min(written_, kLooks * kBack);
  posix_fadvise(fd_.get(), static_cast<off_t>(data_at_ + from), static_cast<off_t>(written_ - from),
                POSIX_FADV_DONTNEED);
}

int RecordingFile::End() {
  SetFeatures();  // as long as before
  size_t done;
  const uint64_t end = data_at_ + written_;
  int error = WriteAt(table_, end, &done);
  // What lies behind it is the beginning of a record that found no room.
  if (error == 0 && ftruncate(fd_.get(), static_cast<off_t>(end + table_.size())) != 0) {
    error = errno;
  }
  return error != 0 ? error : WriteHead(true);
}

int RecordingFile::WriteAt(const std::vector<uint8_t>& bytes, uint64_t at, size_t* done) {
  *done = 0;
  while (*done < bytes.size()) {
    const ssize_t n = pwrite(fd_.get(), bytes.data() + *done, bytes.size() - *done,
                             static_cast<off_t>(at + *done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0 ? errno : ENOSPC;
    *done += static_cast<size_t>(n);
  }
  return 0;
}

int RecordingFile::WriteHead(bool complete) {
  FileHeader header = {};
  header.magic = kMagic;
  header.size = sizeof header;
  header.attr_size = kOwnAttrSize + sizeof(FileSection);
  header.attrs = {kAttrsAt, kOwnEvents * header.attr_size};
  header.data = {data_at_, complete ? written_ : 0};
  header.features[0] = complete ? bits_ : 0;
  reader::Output out;
  out.Raw(&header, sizeof header);
  for (size_t i = 0; i < kOwnEvents; i++) out.U64(kFirstOwnId + i);
  for (size_t i = 0; i < kOwnEvents; i++) {
    const perf_event_attr attr = AttrOf(static_cast<OwnEvent>(i), parts_.mode);
    out.Raw(&attr, kOwnAttrSize);
    PutSection(kIdsAt + 8 * i, 8, &out);
  }
  out.Raw(features_.data(), features_.size());
  out.bytes().resize(data_at_);
  size_t done;
  return WriteAt(out.bytes(), 0, &done);
}

}  // namespace perfdata
}  // namespace pagefault
