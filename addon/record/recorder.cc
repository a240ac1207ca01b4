#include "record/recorder.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "perfdata/format.h"
#include "reader/bytes.h"
#include "util/clock.h"
#include "util/start_thread.h"

namespace pagefault {
namespace perfdata {

namespace {

using reader::Output;

// Written at a time, and what may wait for a disk that is slow: half a second of a storm on every
// CPU.
constexpr size_t kWriteSize = 1 << 20;
constexpr size_t kMostWaiting = 64 << 20;
// What is recorded of an idle target is in the file this soon.
constexpr std::chrono::milliseconds kPause(200);

constexpr size_t kIdsAt = sizeof(FileHeader);
constexpr size_t kAttrsAt = kIdsAt + 8 * kOwnEvents;
constexpr size_t kDataAt = kAttrsAt + kOwnEvents * (kOwnAttrSize + sizeof(FileSection));

// u32 length, padded to 64 bytes with zeros, as perf writes it.
void PutText(const std::string& text, Output* out) {
  std::string padded = text;
  padded.resize((text.size() + 1 + 63) / 64 * 64);
  out->U32(static_cast<uint32_t>(padded.size()));
  out->Raw(padded.data(), padded.size());
}

void PutSection(uint64_t offset, uint64_t size, Output* out) {
  out->U64(offset);
  out->U64(size);
}

Output TextFeature(const std::string& text) {
  Output out;
  PutText(text, &out);
  return out;
}

Output EventDescription(const OwnMode& mode) {
  Output out;
  out.U32(kOwnEvents);
  out.U32(kOwnAttrSize);
  for (size_t i = 0; i < kOwnEvents; i++) {
    const OwnEvent event = static_cast<OwnEvent>(i);
    const perf_event_attr attr = AttrOf(event, mode);
    out.Raw(&attr, kOwnAttrSize);
    out.U32(1);
    PutText(NameOf(event), &out);
    out.U64(kFirstOwnId + i);
  }
  return out;
}

// By their bits: hostname, release, version, architecture, CPUs, command line, events.
std::vector<std::pair<uint32_t, Output>> Features(const std::vector<std::string>& command,
                                                  const OwnMode& mode) {
  utsname system = {};
  uname(&system);  // fails for a bad pointer only
  Output cpus;
  cpus.U32(static_cast<uint32_t>(sysconf(_SC_NPROCESSORS_CONF)));
  cpus.U32(static_cast<uint32_t>(sysconf(_SC_NPROCESSORS_ONLN)));
  Output words;
  words.U32(static_cast<uint32_t>(command.size()));
  for (const std::string& word : command) PutText(word, &words);
  return {{kFeatureHostname, TextFeature(system.nodename)},
          {kFeatureRelease, TextFeature(system.release)},
          {kFeatureVersion, TextFeature("pagefault-analyzer")},
          {kFeatureArchitecture, TextFeature(system.machine)},
          {kFeatureCpus, cpus},
          {kFeatureCommandLine, words},
          {kFeatureEventDescription, EventDescription(mode)}};
}

}  // namespace

Recorder::Recorder(Fd file, uint64_t start, const OwnMode& mode, std::vector<std::string> command)
    : fd_(std::move(file)), start_(start), mode_(mode), command_(std::move(command)) {}

Recorder::~Recorder() {
  Stop();
}

void Recorder::Start() {
  WriteHead(0, 0);
  PutMoment(start_, &waiting_);
  thread_ = StartThread(&Recorder::Run, this);
}

void Recorder::Stop() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    PutMoment(MonotonicNow(), &waiting_);
    stopping_ = true;
  }
  filled_.notify_one();
  thread_.join();
}

template <typename Put>
void Recorder::Append(Put&& put) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (stopping_ || error_ != 0) return;
  if (waiting_.size() >= kMostWaiting) {
    dropped_++;
    return;
  }
  put();
  if (waiting_.size() >= kWriteSize) filled_.notify_one();
}

void Recorder::Take(const FaultRow& row, const RecordRow* stack) {
  Append([&] { PutFault(row, stack, start_, &waiting_); });
}

void Recorder::Take(const RecordRow& row) {
  Append([&] {
    PutSideband(row, start_, &waiting_);
    PutNote(row, start_, &waiting_);
  });
}

void Recorder::EndBatch(uint64_t horizon) {
  Append([&] { PutBatchEnd(start_, horizon, &waiting_); });
}

void Recorder::TakeFact(const std::string& text) {
  Append([&] { PutFact(text, start_, &waiting_); });
}

void Recorder::Run() {
  prctl(PR_SET_NAME, "pf-recorder");  // cannot fail: short enough, and our own thread
  std::vector<uint8_t> taken;
  for (bool last = false; !last;) {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      filled_.wait_for(lock, kPause, [this] { return stopping_ || waiting_.size() >= kWriteSize; });
      last = stopping_;
      taken.clear();
      taken.swap(waiting_);
    }
    if (error_ == 0 && Write(taken, kDataAt + written_)) written_ += taken.size();
  }
  if (error_ == 0) WriteFeatures();
}

bool Recorder::Write(const std::vector<uint8_t>& bytes, uint64_t at) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n =
        pwrite(fd_.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(at + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      error_ = n < 0 ? errno : ENOSPC;
      return false;
    }
    done += static_cast<size_t>(n);
  }
  return true;
}

void Recorder::WriteHead(uint64_t data_size, uint64_t features) {
  FileHeader header = {};
  header.magic = kMagic;
  header.size = sizeof header;
  header.attr_size = kOwnAttrSize + sizeof(FileSection);
  header.attrs = {kAttrsAt, kOwnEvents * header.attr_size};
  header.data = {kDataAt, data_size};
  header.features[0] = features;
  Output out;
  out.Raw(&header, sizeof header);
  for (size_t i = 0; i < kOwnEvents; i++) out.U64(kFirstOwnId + i);
  for (size_t i = 0; i < kOwnEvents; i++) {
    const perf_event_attr attr = AttrOf(static_cast<OwnEvent>(i), mode_);
    out.Raw(&attr, kOwnAttrSize);
    PutSection(kIdsAt + 8 * i, 8, &out);
  }
  Write(out.bytes(), 0);
}

void Recorder::WriteFeatures() {
  const auto features = Features(command_, mode_);
  const uint64_t end = kDataAt + written_;
  uint64_t at = end + features.size() * sizeof(FileSection);
  uint64_t bits = 0;
  Output out;
  for (const auto& [bit, feature] : features) {
    PutSection(at, feature.bytes().size(), &out);
    at += feature.bytes().size();
    bits |= uint64_t{1} << bit;
  }
  for (const auto& [bit, feature] : features) {
    out.Raw(feature.bytes().data(), feature.bytes().size());
  }
  if (Write(out.bytes(), end)) WriteHead(written_, bits);
}

}  // namespace perfdata
}  // namespace pagefault
