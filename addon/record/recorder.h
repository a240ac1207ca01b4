// Writes what a capture puts into its mailbox to a place, as it comes: own_records.h. A thread of
// its own does the writing, so that neither the rings nor JavaScript wait for a disk.
#pragma once

#include <atomic>
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
#include "util/fd.h"
#include "wire/mailbox.h"

namespace pagefault {
namespace perfdata {

class Recorder : public RowTap {
 public:
  // `file` is empty and open for writing; a pipe, or standard output, where `streamed`. `start`:
  // the session's, raw clock.
  Recorder(Fd file, bool streamed, uint64_t start, const HeadParts& parts);
  // Completes the recording. A pipe that nobody reads is given up.
  ~Recorder() override;

  // Begins with the head. Throws SystemError where there can be no thread.
  void Start();
  // Takes nothing more; what is left is written, and then it is done(). Idempotent.
  void Stop();

  // From any thread.
  void Take(const FaultRow& row, const RecordRow* stack) override;
  void Take(const RecordRow& row) override;
  void EndBatch(uint64_t horizon) override;
  void TakeFact(const std::string& text);

  // All is written that will be: complete, or up to an error.
  bool done() const { return done_.load(); }
  // Bytes of records that have been written, before they were compressed.
  uint64_t written() const { return written_.load(); }
  // errno with which writing has ended before its time (ENOSPC), 0 for none.
  int error() const { return error_.load(); }
  // Records for which there was no room because the disk is too slow.
  uint64_t dropped() const { return dropped_.load(); }

 private:
  void Run();
  void Write(std::vector<uint8_t>* records);
  // Has put() add to waiting_, unless nothing more is taken.
  template <typename Put>
  void Append(Put&& put);

  const uint64_t start_;
  std::atomic<bool> given_up_{false};
  std::unique_ptr<Place> place_;
  std::unique_ptr<Compressor> compressor_;  // nullptr where nothing is compressed
  std::vector<uint8_t> compressed_;
  std::thread thread_;
  std::atomic<bool> done_{false};
  std::atomic<int> error_{0};
  std::atomic<uint64_t> written_{0};
  std::atomic<uint64_t> dropped_{0};

  std::mutex mutex_;  // guards those below
  std::condition_variable filled_;
  std::vector<uint8_t> waiting_;
  bool stopping_ = false;
};

}  // namespace perfdata
}  // namespace pagefault
