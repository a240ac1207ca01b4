// Writes what a capture puts into its mailbox to a place, as it comes: own_records.h. A thread of
// its own does the writing, so that neither the rings nor JavaScript wait for a disk.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "perfdata/own_records.h"
#include "record/compressor.h"
#include "record/head_parts.h"
#include "record/place.h"
#include "record/unwritten.h"
#include "util/fd.h"
#include "wire/mailbox.h"

namespace pagefault {
namespace perfdata {

class Recorder : public RowTap {
 public:
  // `file` is empty and open for writing; a pipe, or standard output, where `streamed`. `start`:
  // the session's, raw clock. `limit`: bytes of captured records from which on a file is full, 0
  // for any number.
  Recorder(Fd file, bool streamed, uint64_t start, const HeadParts& parts, uint64_t limit);
  // Completes the recording. A pipe that nobody reads is given up.
  ~Recorder() override;

  // Begins with the head. Throws SystemError where there can be no thread.
  void Start();
  // Capture has ended: what is told may still come. Idempotent.
  void NoteEnd();
  // Takes nothing more; what is left is written, and then it is done(). Idempotent.
  void Stop();

  // What is captured.
  void Take(const FaultRow& row, const RecordRow* stack, bool held) override;
  void Take(const RecordRow& row) override;
  // True where the file is full: what is captured from here on waits for the next one.
  bool EndBatch(uint64_t horizon) override;

  // What is told beside it, from another thread.
  // Of the oldest batch of which this was not told: not 0 where a fault was a copy.
  void TellCopies(const uint8_t* copies, size_t count);
  void Tell(const RecordRow& row);
  // What perf has a record for, where a fact tells it to us.
  void TellOthers(const RecordRow& row);
  void TellFact(const std::string& text);
  // The batch that filled the file has been counted by whoever tells. What is told between the two
  // stands at the head of `file`, which is the next one: it is what was there by then.
  void Turn(Fd file);
  void Turned();
  // There is no next file: the recording ends with what filled the last one.
  void GiveUp();

  // All is written that will be: complete, or up to an error.
  bool done() const { return done_.load(); }
  // Bytes of records that have been written, before they were compressed.
  uint64_t written() const { return written_.load(); }
  // errno with which writing has ended before its time (ENOSPC), 0 for none.
  int error() const { return error_.load(); }
  // Records for which there was no room because the disk is too slow.
  uint64_t dropped() const { return dropped_.load(); }
  // Copies that were written as minor faults, because they could not wait for their class.
  uint64_t late_copies() const { return late_copies_.load(); }

 private:
  void Run();
  void Write(std::vector<uint8_t>* records);
  // To the next file.
  void GoOn(Fd file, uint64_t begins);
  // Whether there is room in `to`. With the mutex held, as those below.
  bool Takes(const Unwritten& to);
  // Has put() add to what waits, unless nothing more is taken.
  template <typename Put>
  void Append(Unwritten* to, Put&& put);
  Unwritten* Captured() { return full_ ? &behind_ : &waiting_; }
  Unwritten* Told();
  bool IsWorthWriting();
  // Bytes of what waits that are to be written now.
  size_t Due(std::chrono::steady_clock::time_point now);

  const uint64_t start_;
  const HeadParts parts_;
  const uint64_t limit_;
  std::atomic<bool> given_up_{false};
  std::unique_ptr<Place> place_;
  std::unique_ptr<Compressor> compressor_;  // nullptr where nothing is compressed
  std::vector<uint8_t> compressed_;
  std::thread thread_;
  std::atomic<bool> done_{false};
  std::atomic<int> error_{0};
  std::atomic<uint64_t> written_{0};
  std::atomic<uint64_t> dropped_{0};
  std::atomic<uint64_t> late_copies_{0};

  std::mutex mutex_;  // guards those below
  std::condition_variable filled_;
  Unwritten waiting_;
  // So many bytes of `waiting_` were there at this time.
  size_t seen_ = 0;
  std::chrono::steady_clock::time_point seen_at_;
  bool ended_ = false;  // it is noted that capture has ended
  bool stopping_ = false;
  // Of the file that is written: what was captured for it, and that it takes no more.
  uint64_t captured_ = 0;
  bool full_ = false;
  // Of the next one: when it begins, what is told at its head, what was captured since, and it.
  uint64_t begins_ = 0;
  Unwritten head_;
  Unwritten behind_;
  Fd next_;
  enum class Turning : uint8_t { kNo, kTold, kReady, kNever } turning_ = Turning::kNo;
};

}  // namespace perfdata
}  // namespace pagefault
