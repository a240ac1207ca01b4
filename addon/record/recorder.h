// Writes what a capture puts into its mailbox into a file, as it comes: own_records.h. A thread of
// its own does the writing, so that neither the rings nor JavaScript wait for a disk.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "perfdata/own_records.h"
#include "util/fd.h"
#include "wire/mailbox.h"

namespace pagefault {
namespace perfdata {

class Recorder : public RowTap {
 public:
  // `file` is empty and open for writing. `start`: the session's, raw clock; `command`: what was
  // started with, for those who look at the file's head.
  Recorder(Fd file, uint64_t start, const OwnMode& mode, std::vector<std::string> command);
  ~Recorder() override;

  // Begins with the head. Throws SystemError where there can be no thread.
  void Start();
  // Writes what is left and completes the head. Idempotent.
  void Stop();

  // From any thread.
  void Take(const FaultRow& row, const RecordRow* stack) override;
  void Take(const RecordRow& row) override;
  void EndBatch(uint64_t horizon) override;
  void TakeFact(const std::string& text);

  // errno with which writing has ended before its time (ENOSPC), 0 for none.
  int error() const { return error_.load(); }
  // Records for which there was no room because the disk is too slow.
  uint64_t dropped() const { return dropped_.load(); }

 private:
  void Run();
  // At a place of the file. False where that failed: error().
  bool Write(const std::vector<uint8_t>& bytes, uint64_t at);
  // `features`: their bits. Without a size the recording is one that has not come to its end.
  void WriteHead(uint64_t data_size, uint64_t features);
  // Behind the records, and the head that tells of both.
  void WriteFeatures();
  // Has put() add to waiting_, unless nothing more is taken.
  template <typename Put>
  void Append(Put&& put);

  Fd fd_;
  const uint64_t start_;
  const OwnMode mode_;
  const std::vector<std::string> command_;
  std::thread thread_;
  std::atomic<int> error_{0};
  std::atomic<uint64_t> dropped_{0};
  uint64_t written_ = 0;  // bytes of records

  std::mutex mutex_;  // guards those below
  std::condition_variable filled_;
  std::vector<uint8_t> waiting_;
  bool stopping_ = false;
};

}  // namespace perfdata
}  // namespace pagefault
