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
  reader::Output whole, open, sections;
  for (const auto& [bit, section] : FeaturesOf(parts_)) {
    const uint64_t at = kFeaturesAt + sections.bytes().size();
    PutSection(at, section.bytes().size(), &whole);
    whole_.bits |= uint64_t{1} << bit;
    sections.Raw(section.bytes().data(), section.bytes().size());
    if (bit == kFeatureSampleTime) continue;
    PutSection(at, section.bytes().size(), &open);
    open_.bits |= uint64_t{1} << bit;
  }
  features_ = sections.bytes();
  whole_.places = whole.bytes();
  open_.places = open.bytes();
  open_.places.resize(whole_.places.size());
  data_at_ = (kFeaturesAt + features_.size() + 7) / 8 * 8;
}

int RecordingFile::Begin() {
  std::vector<uint8_t> none;
  const int error = WriteHead();
  return error != 0 ? error : Put(&none);
}

// Behind each piece stands the table, which the next one overwrites: on a disk that is full then
// there is room for the last one. Meanwhile the header says that there is none.
int RecordingFile::Put(std::vector<uint8_t>* records) {
  const size_t size = records->size(), behind = open_.places.size();
  records->insert(records->end(), open_.places.begin(), open_.places.end());
  size_t done = 0;
  int error = WriteHeader(0);
  if (error == 0) error = WriteAt(*records, data_at_ + written_, &done);
  parts_.ended = MonotonicNow();
  written_ += error == 0 ? size : WholeRecords(*records, done - std::min(done, behind));
  LeavePageCache();
  return error != 0 ? error : WriteHeader(open_.bits);
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
  int error = WriteHead();
  if (error == 0) error = WriteAt(whole_.places, end, &done);
  // What lies behind it is the beginning of a record that found no room.
  if (error == 0 && ftruncate(fd_.get(), static_cast<off_t>(end + whole_.places.size())) != 0) {
    error = errno;
  }
  return error != 0 ? error : WriteHeader(whole_.bits);
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

int RecordingFile::WriteHeader(uint64_t features) {
  FileHeader header = {};
  header.magic = kMagic;
  header.size = sizeof header;
  header.attr_size = kOwnAttrSize + sizeof(FileSection);
  header.attrs = {kAttrsAt, kOwnEvents * header.attr_size};
  header.data = {data_at_, written_};
  header.features[0] = features;
  const uint8_t* bytes = reinterpret_cast<const uint8_t*>(&header);
  size_t done;
  return WriteAt({bytes, bytes + sizeof header}, 0, &done);
}

int RecordingFile::WriteHead() {
  reader::Output out;
  for (size_t i = 0; i < kOwnEvents; i++) out.U64(kFirstOwnId + i);
  for (size_t i = 0; i < kOwnEvents; i++) {
    const perf_event_attr attr = AttrOf(static_cast<OwnEvent>(i), parts_.mode);
    out.Raw(&attr, kOwnAttrSize);
    PutSection(kIdsAt + 8 * i, 8, &out);
  }
  out.Raw(features_.data(), features_.size());
  out.bytes().resize(data_at_ - kIdsAt);
  size_t done;
  return WriteAt(out.bytes(), kIdsAt, &done);
}

}  // namespace perfdata
}  // namespace pagefault
