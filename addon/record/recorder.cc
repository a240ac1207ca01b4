#include "record/recorder.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <system_error>
#include <utility>

#include "perfdata/format.h"
#include "util/clock.h"
#include "util/error.h"

namespace pagefault {
namespace perfdata {

namespace {

// Written at a time, and what may wait for a disk that is slow: half a second of a storm on every
// CPU.
constexpr size_t kWriteSize = 1 << 20;
constexpr size_t kMostWaiting = 64 << 20;
// What is recorded of an idle target is in the file this soon.
constexpr std::chrono::milliseconds kPause(200);

constexpr size_t kIdsAt = sizeof(FileHeader);
constexpr size_t kAttrsAt = kIdsAt + 8 * kOwnEvents;
constexpr size_t kOwnAttrSize = 112;
constexpr size_t kDataAt = kAttrsAt + kOwnEvents * (kOwnAttrSize + sizeof(FileSection));

class Bytes {
 public:
  template <typename T>
  void Put(const T& value) {
    Raw(&value, sizeof value);
  }
  void Raw(const void* bytes, size_t length) {
    const uint8_t* from = static_cast<const uint8_t*>(bytes);
    bytes_.insert(bytes_.end(), from, from + length);
  }
  // u32 length, padded to 64 bytes with zeros, as perf writes it.
  void Text(const std::string& text) {
    const size_t length = (text.size() + 1 + 63) / 64 * 64;
    Put(static_cast<uint32_t>(length));
    Raw(text.data(), text.size());
    bytes_.resize(bytes_.size() + length - text.size());
  }
  std::vector<uint8_t>& bytes() { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
};

std::vector<uint8_t> TextFeature(const std::string& text) {
  Bytes out;
  out.Text(text);
  return out.bytes();
}

std::vector<uint8_t> EventDescription(const OwnMode& mode) {
  Bytes out;
  out.Put(static_cast<uint32_t>(kOwnEvents));
  out.Put(static_cast<uint32_t>(kOwnAttrSize));
  for (size_t i = 0; i < kOwnEvents; i++) {
    const OwnEvent event = static_cast<OwnEvent>(i);
    const perf_event_attr attr = AttrOf(event, mode);
    out.Raw(&attr, kOwnAttrSize);
    out.Put(uint32_t{1});
    out.Text(NameOf(event));
    out.Put(kFirstOwnId + i);
  }
  return out.bytes();
}

// By their bits: hostname, release, version, architecture, CPUs, command line, events.
std::vector<std::pair<uint32_t, std::vector<uint8_t>>> Features(
    const std::vector<std::string>& command, const OwnMode& mode) {
  utsname system = {};
  uname(&system);  // fails for a bad pointer only
  Bytes cpus;
  cpus.Put(static_cast<uint32_t>(sysconf(_SC_NPROCESSORS_CONF)));
  cpus.Put(static_cast<uint32_t>(sysconf(_SC_NPROCESSORS_ONLN)));
  Bytes words;
  words.Put(static_cast<uint32_t>(command.size()));
  for (const std::string& word : command) words.Text(word);
  return {{kFeatureHostname, TextFeature(system.nodename)},
          {kFeatureRelease, TextFeature(system.release)},
          {kFeatureVersion, TextFeature("pagefault-analyzer")},
          {kFeatureArchitecture, TextFeature(system.machine)},
          {kFeatureCpus, cpus.bytes()},
          {kFeatureCommandLine, words.bytes()},
          {kFeatureEventDescription, EventDescription(mode)}};
}

}  // namespace

Recorder::Recorder(Fd file, uint64_t start, const OwnMode& mode, std::vector<std::string> command)
    : fd_(std::move(file)), start_(start), mode_(mode), command_(std::move(command)) {}

Recorder::~Recorder() {
  Stop();
}

void Recorder::Start() {
  WriteHead(0);
  PutMoment(start_, &waiting_);
  try {
    thread_ = std::thread(&Recorder::Run, this);
  } catch (const std::system_error& error) {  // RLIMIT_NPROC
    throw SystemError(error.code().value(), "pthread_create", "");
  }
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

bool Recorder::Accepts() {
  if (stopping_ || error_ != 0) return false;
  if (waiting_.size() < kMostWaiting) return true;
  dropped_++;
  return false;
}

void Recorder::Take(const FaultRow& row, const RecordRow* stack) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!Accepts()) return;
  PutFault(row, stack, start_, &waiting_);
  if (waiting_.size() >= kWriteSize) filled_.notify_one();
}

void Recorder::Take(const RecordRow& row) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!Accepts()) return;
  PutSideband(row, start_, &waiting_);
  PutNote(row, start_, &waiting_);
}

void Recorder::EndBatch(uint64_t horizon) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (Accepts()) PutBatchEnd(start_, horizon, &waiting_);
}

void Recorder::TakeFact(const std::string& text) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (Accepts()) PutFact(text, start_, &waiting_);
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
    if (error_ == 0 && Write(taken)) written_ += taken.size();
  }
  if (error_ == 0) WriteFeatures();
}

bool Recorder::Write(const std::vector<uint8_t>& bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const off_t at = static_cast<off_t>(kDataAt + written_ + done);
    const ssize_t n = pwrite(fd_.get(), bytes.data() + done, bytes.size() - done, at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      error_ = n < 0 ? errno : ENOSPC;
      return false;
    }
    done += static_cast<size_t>(n);
  }
  return true;
}

void Recorder::WriteHead(uint64_t data_size) {
  FileHeader header = {};
  header.magic = kMagic;
  header.size = sizeof header;
  header.attr_size = kOwnAttrSize + sizeof(FileSection);
  header.attrs = {kAttrsAt, kOwnEvents * header.attr_size};
  header.data = {kDataAt, data_size};
  if (data_size > 0) {
    for (const auto& feature : Features(command_, mode_))
      header.features[0] |= uint64_t{1} << feature.first;
  }
  Bytes out;
  out.Put(header);
  for (size_t i = 0; i < kOwnEvents; i++) out.Put(kFirstOwnId + i);
  for (size_t i = 0; i < kOwnEvents; i++) {
    const perf_event_attr attr = AttrOf(static_cast<OwnEvent>(i), mode_);
    out.Raw(&attr, kOwnAttrSize);
    out.Put(FileSection{kIdsAt + 8 * i, 8});
  }
  const std::vector<uint8_t>& bytes = out.bytes();
  const ssize_t n = pwrite(fd_.get(), bytes.data(), bytes.size(), 0);
  if (n != static_cast<ssize_t>(bytes.size()) && error_ == 0) error_ = n < 0 ? errno : ENOSPC;
}

void Recorder::WriteFeatures() {
  const auto features = Features(command_, mode_);
  Bytes out;
  uint64_t at = kDataAt + written_ + features.size() * sizeof(FileSection);
  for (const auto& feature : features) {
    out.Put(FileSection{at, feature.second.size()});
    at += feature.second.size();
  }
  for (const auto& feature : features) out.Raw(feature.second.data(), feature.second.size());
  if (Write(out.bytes())) WriteHead(written_);
}

}  // namespace perfdata
}  // namespace pagefault
