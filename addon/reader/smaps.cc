#include "smaps.h"

#include <cinttypes>
#include <cstdio>

namespace pagefault {
namespace reader {

namespace {

// What counts stands at the beginning of a line; of a long name the rest is let go.
constexpr size_t kMaxLine = 512;

}  // namespace

void SmapsScanner::Push(const char* bytes, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (bytes[i] == '\n') {
      Line();
      line_.clear();
    } else if (line_.size() < kMaxLine) {
      line_.push_back(bytes[i]);
    }
  }
}

void SmapsScanner::Line() {
  uint64_t start = 0, end = 0;
  if (line_.compare(0, 8, "VmFlags:") == 0) {
    Flags();
  } else if (sscanf(line_.c_str(), "%" SCNx64 "-%" SCNx64 " ", &start, &end) == 2) {
    start_ = start >> 12;
    end_ = end >> 12;
  }
}

void SmapsScanner::Flags() {
  uint8_t flags = 0;
  if (Has(" um") || Has(" ui")) flags |= kGuardAbsent;
  if (Has(" uw")) flags |= kGuardWrite;
  if (flags == 0) return;
  if (!out_->empty() && out_->back().end == start_ && out_->back().flags == flags) {
    out_->back().end = end_;
  } else if (out_->size() < kMaxGuardedRanges) {
    out_->push_back({start_, end_, flags});
  }
}

}  // namespace reader
}  // namespace pagefault
