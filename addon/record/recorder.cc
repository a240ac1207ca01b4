#include "record/recorder.h"

#include <errno.h>
#include <sys/prctl.h>

#include <algorithm>
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
// So long, or while there is no more than this, faults wait until it is known which were copies.
constexpr std::chrono::milliseconds kPatience(1000);
constexpr size_t kMostHeld = 16 << 20;

std::unique_ptr<Place> PlaceOf(Fd file, bool streamed, uint64_t start, const HeadParts& parts,
                               const std::atomic<bool>& given_up) {
  if (streamed) return std::make_unique<RecordingPipe>(std::move(file), parts, given_up);
  return std::make_unique<RecordingFile>(std::move(file), parts, start);
}

}  // namespace

Recorder::Recorder(Fd file, bool streamed, uint64_t start, const HeadParts& parts, uint64_t limit)
    : start_(start),
      parts_(parts),
      limit_(limit),
      place_(PlaceOf(std::move(file), streamed, start, parts, given_up_)),
      compressor_(parts.compressed ? std::make_unique<Compressor>() : nullptr) {}

Recorder::~Recorder() {
  Stop();
  given_up_ = true;
  if (thread_.joinable()) thread_.join();
}

void Recorder::Start() {
  seen_at_ = std::chrono::steady_clock::now();
  PutMoment(start_, waiting_.bytes());
  thread_ = StartThread(&Recorder::Run, this);
}

void Recorder::NoteEnd() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (ended_ || stopping_) return;
  ended_ = true;
  PutMoment(MonotonicNow(), Captured()->bytes());
}

void Recorder::Stop() {
  NoteEnd();
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  filled_.notify_one();
}

bool Recorder::Takes(const Unwritten& to) {
  if (stopping_ || error_ != 0 || turning_ == Turning::kNever) return false;
  if (to.size() < kMostWaiting) return true;
  dropped_++;
  return false;
}

template <typename Put>
void Recorder::Append(Unwritten* to, Put&& put) {
  if (!Takes(*to)) return;
  put(to->bytes());
  if (IsWorthWriting()) filled_.notify_one();
}

bool Recorder::IsWorthWriting() {
  return waiting_.size() >= kWriteSize &&
         (waiting_.size() >= kMostHeld || waiting_.known() >= kWriteSize);
}

size_t Recorder::Due(std::chrono::steady_clock::time_point now) {
  const size_t known = waiting_.known();
  if (waiting_.size() >= kMostHeld) return waiting_.size();
  return now - seen_at_ >= kPatience ? std::max(known, seen_) : known;
}

Unwritten* Recorder::Told() {
  switch (turning_) {
    case Turning::kTold:
      return &head_;
    case Turning::kReady:
      return &behind_;
    default:
      return &waiting_;
  }
}

void Recorder::Take(const FaultRow& row, const RecordRow* stack, bool held) {
  std::lock_guard<std::mutex> lock(mutex_);
  Unwritten* const to = Captured();
  size_t size = 0;
  if (Takes(*to)) {
    const size_t before = to->size();
    size = PutFault(row, stack, start_, to->bytes());
    captured_ += to->size() - before;
  }
  if (held && size > 0) to->NoteFault(to->size() - size);
  if (held && size == 0) to->NoteDropped();
  if (IsWorthWriting()) filled_.notify_one();
}

void Recorder::Take(const RecordRow& row) {
  std::lock_guard<std::mutex> lock(mutex_);
  Append(Captured(), [&](std::vector<uint8_t>* out) {
    const size_t before = out->size();
    PutSideband(row, start_, out);
    PutNote(row, start_, out);
    captured_ += out->size() - before;
  });
}

bool Recorder::EndBatch(uint64_t horizon) {
  std::lock_guard<std::mutex> lock(mutex_);
  Append(Captured(), [&](std::vector<uint8_t>* out) { PutBatchEnd(start_, horizon, out); });
  Captured()->EndBatch();
  const bool fills = limit_ > 0 && captured_ >= limit_ && !full_ && !stopping_ && error_ == 0;
  if (!fills) return false;
  full_ = true;
  captured_ = 0;
  begins_ = start_ + horizon;
  PutMoment(begins_, head_.bytes());
  PutOrigin(start_, horizon, head_.bytes());
  return true;
}

void Recorder::Tell(const RecordRow& row) {
  std::lock_guard<std::mutex> lock(mutex_);
  Append(Told(), [&](std::vector<uint8_t>* out) {
    PutSideband(row, start_, out);
    PutNote(row, start_, out);
  });
}

void Recorder::TellOthers(const RecordRow& row) {
  std::lock_guard<std::mutex> lock(mutex_);
  Append(Told(), [&](std::vector<uint8_t>* out) { PutSideband(row, start_, out); });
}

void Recorder::TellFact(const std::string& text) {
  std::lock_guard<std::mutex> lock(mutex_);
  Append(Told(), [&](std::vector<uint8_t>* out) { PutFact(text, start_, out); });
}

void Recorder::TellCopies(const uint8_t* copies, size_t count) {
  std::lock_guard<std::mutex> lock(mutex_);
  late_copies_ += (waiting_.waits() ? waiting_ : behind_).Tell(copies, count);
  if (IsWorthWriting()) filled_.notify_one();
}

void Recorder::Turn(Fd file) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (stopping_ || !full_ || turning_ != Turning::kNo) return;
  next_ = std::move(file);
  turning_ = Turning::kTold;
}

void Recorder::Turned() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (turning_ != Turning::kTold) return;
    behind_.Prepend(*head_.bytes());
    head_ = Unwritten();
    turning_ = Turning::kReady;
  }
  filled_.notify_one();
}

void Recorder::GiveUp() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (stopping_ || !full_ || turning_ != Turning::kNo) return;
  turning_ = Turning::kNever;
  behind_ = Unwritten();
}

void Recorder::Run() {
  prctl(PR_SET_NAME, "pf-recorder");  // cannot fail: short enough, and our own thread
  error_ = place_->Begin();
  std::vector<uint8_t> taken;
  for (bool last = false; !last;) {
    Fd next;
    bool turns, ends;
    uint64_t begins = 0;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      filled_.wait_for(lock, kPause, [this] {
        return stopping_ || turning_ == Turning::kReady || IsWorthWriting();
      });
      turns = turning_ == Turning::kReady;
      ends = turning_ == Turning::kNever;
      last = stopping_ && !turns;
      taken.clear();
      const auto now = std::chrono::steady_clock::now();
      const bool all = turns || ends || last;
      const size_t due = all ? waiting_.size() : Due(now);
      waiting_.MoveTo(&taken, due);
      seen_ -= std::min(seen_, due);
      if (seen_ == 0) {
        seen_ = waiting_.size();
        seen_at_ = now;
      }
      // Of a turn that nobody has completed: there is no other file for it.
      if (last) behind_.MoveTo(&taken, behind_.size());
      if (turns) {
        std::swap(waiting_, behind_);
        full_ = false;
        turning_ = Turning::kNo;
        next = std::move(next_);
        begins = begins_;
      }
    }
    if (error_ == 0 && !taken.empty()) Write(&taken);
    if (error_ == 0 && turns) GoOn(std::move(next), begins);
    if (error_ == 0 && ends) error_ = ECANCELED;
  }
  const int error = place_->End();
  if (error_ == 0) error_ = error;
  done_ = true;
}

void Recorder::GoOn(Fd file, uint64_t begins) {
  error_ = place_->End();
  if (error_ != 0) return;
  place_ = PlaceOf(std::move(file), false, begins, parts_, given_up_);
  // Each file is a stream of its own.
  if (compressor_ != nullptr) compressor_ = std::make_unique<Compressor>();
  error_ = place_->Begin();
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
