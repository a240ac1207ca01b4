#include "record/recorder.h"

#include <errno.h>
#include <sys/prctl.h>

#include <chrono>
#include <utility>

#include "record/recording_file.h"
#include "record/recording_pipe.h"
#include "util/clock.h"
#include "util/start_thread.h"

namespace pagefault {
namespace perfdata {

namespace {

// Written at a time, and what may wait for a disk that is slow: half a second of a storm on every
// CPU.
constexpr size_t kWriteSize = 1 << 20;
constexpr size_t kMostWaiting = 64 << 20;
// What is recorded of an idle target is in the file this soon.
constexpr std::chrono::milliseconds kPause(200);

std::unique_ptr<Place> PlaceOf(Fd file, bool streamed, uint64_t start, const HeadParts& parts,
                               const std::atomic<bool>& given_up) {
  if (streamed) return std::make_unique<RecordingPipe>(std::move(file), parts, given_up);
  return std::make_unique<RecordingFile>(std::move(file), parts, start);
}

}  // namespace

Recorder::Recorder(Fd file, bool streamed, uint64_t start, const HeadParts& parts)
    : start_(start),
      place_(PlaceOf(std::move(file), streamed, start, parts, given_up_)),
      compressor_(parts.compressed ? std::make_unique<Compressor>() : nullptr) {}

Recorder::~Recorder() {
  Stop();
  given_up_ = true;
  if (thread_.joinable()) thread_.join();
}

void Recorder::Start() {
  PutMoment(start_, &waiting_);
  thread_ = StartThread(&Recorder::Run, this);
}

void Recorder::Stop() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_) return;
    PutMoment(MonotonicNow(), &waiting_);
    stopping_ = true;
  }
  filled_.notify_one();
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
  error_ = place_->Begin();
  std::vector<uint8_t> taken;
  for (bool last = false; !last;) {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      filled_.wait_for(lock, kPause, [this] { return stopping_ || waiting_.size() >= kWriteSize; });
      last = stopping_;
      taken.clear();
      taken.swap(waiting_);
    }
    if (error_ == 0 && !taken.empty()) Write(&taken);
  }
  const int error = place_->End();
  if (error_ == 0) error_ = error;
  done_ = true;
}

void Recorder::Write(std::vector<uint8_t>* records) {
  const size_t size = records->size();
  if (compressor_ != nullptr) {
    compressed_.clear();
    if (!compressor_->Compress(*records, &compressed_)) {
      error_ = ENOMEM;
      return;
    }
    records = &compressed_;
  }
  error_ = place_->Put(records);
  if (error_ == 0) written_ += size;
}

}  // namespace perfdata
}  // namespace pagefault
