// A recording as a file that every perf reads: a head, the records, and a table behind them of
// where its features lie, which are in the head. It is one after each piece that is written: what
// an analyzer that was killed has left lacks the time of its end alone.
#pragma once

#include <cstdint>
#include <vector>

#include "record/head_parts.h"
#include "record/place.h"
#include "util/fd.h"

namespace pagefault {
namespace perfdata {

class RecordingFile : public Place {
 public:
  // `file` is empty, a regular one, and open for writing.
  // `start`: raw clock.
  RecordingFile(Fd file, const HeadParts& parts, uint64_t start);

  int Begin() override;
  int Put(std::vector<uint8_t>* records) override;
  int End() override;

 private:
  struct Table {
    uint64_t bits = 0;
    std::vector<uint8_t> places;  // a section for each, in their order
  };

  int WriteAt(const std::vector<uint8_t>& bytes, uint64_t at, size_t* done);
  // A recording shall not take the place in the page cache of what the targets read.
  void LeavePageCache();
  // What stands between the header and the records.
  int WriteHead();
  // `features`: bits of those that the table behind the records tells of.
  int WriteHeader(uint64_t features);

  Fd fd_;
  void SetFeatures();

  HeadParts parts_;
  std::vector<uint8_t> features_;  // behind the attrs
  // While more may come, and at the end. Both are of one size.
  Table open_, whole_;
  uint64_t data_at_ = 0;
  uint64_t written_ = 0;  // bytes of whole records
  uint64_t left_ = 0;     // so many when the page cache was left the last time
};

}  // namespace perfdata
}  // namespace pagefault
