// What the rows of the mailbox are made of: units, and the columns that most rows have.
#pragma once

#include <cstdint>

#include "wire/mailbox.h"

namespace pagefault {

constexpr int kPageShift = 12;  // the unit of ranges, whatever the kernel's page size
constexpr uint64_t kPageMask = (uint64_t{1} << kPageShift) - 1;

inline uint64_t Pages(uint64_t bytes) {
  return bytes >> kPageShift;
}
// Rounded up; an address near the top of the range must not wrap to 0.
inline uint64_t PagesUp(uint64_t bytes) {
  return (bytes >> kPageShift) + ((bytes & kPageMask) != 0 ? 1 : 0);
}

inline bool SamePage(uint64_t a, uint64_t b) {
  return ((a ^ b) >> kPageShift) == 0;
}

// ns since the session's start. Before it there are the records of the moment of attach: they count
// from zero.
class SessionTime {
 public:
  explicit SessionTime(uint64_t start) : start_(start) {}
  uint64_t Since(uint64_t time) const { return time > start_ ? time - start_ : 0; }

 private:
  const uint64_t start_;
};

// Of a Record or a Thread; `time` since the session's start.
template <typename Task>
RecordRow Row(RecordType type, const Task& task, uint64_t time) {
  RecordRow row{type};
  row.time = time;
  row.pid = task.pid;
  row.tid = task.tid;
  return row;
}

}  // namespace pagefault
