// A recording in the form that perf takes on standard input: what a file has in its head comes as
// records before the others.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "record/head_parts.h"
#include "record/place.h"
#include "util/fd.h"

namespace pagefault {
namespace perfdata {

class RecordingPipe : public Place {
 public:
  // `given_up`: nobody waits any longer for a reader that takes nothing.
  RecordingPipe(Fd pipe, const HeadParts& parts, const std::atomic<bool>& given_up);

  int Begin() override;
  int Put(std::vector<uint8_t>* records) override { return Write(*records); }
  int End() override { return 0; }

 private:
  int Write(const std::vector<uint8_t>& bytes);

  Fd fd_;
  HeadParts parts_;
  const std::atomic<bool>& given_up_;
};

}  // namespace perfdata
}  // namespace pagefault
