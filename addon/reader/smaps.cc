#include "smaps.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>

#include "../util/fd.h"
#include "task_files.h"

namespace pagefault {
namespace reader {

namespace {

// What counts stands at the beginning of a line; of a long name the rest is let go.
constexpr size_t kMaxLine = 512;
constexpr size_t kPiece = 64 << 10;
// Of one mapping: some 25 short lines.
constexpr size_t kMaxMappingText = 8192;

// The line that begins what is said of a mapping. Pages.
bool IsRange(const std::string& line, uint64_t* start, uint64_t* end) {
  if (sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " ", start, end) != 2) return false;
  *start >>= 12;
  *end >>= 12;
  return true;
}

// `any` is set where there was something to read.
int ReadPieces(const std::string& path, bool* any,
               const std::function<bool(const char* bytes, size_t length)>& push) {
  Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok()) return errno;
  std::vector<char> piece(kPiece);
  for (;;) {
    const ssize_t n = read(fd.get(), piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0 ? errno : 0;
    *any = true;
    if (!push(piece.data(), static_cast<size_t>(n))) return 0;
  }
}

}  // namespace

int ReadSmaps(const std::string& proc, uint32_t pid,
              const std::function<bool(const char* bytes, size_t length)>& push) {
  int first = -1;
  bool any = false;
  EachTask(proc, pid, [&](const std::string& directory) {
    const int error = ReadPieces(directory + "/smaps", &any, push);
    if (first < 0) first = error;
    return any;
  });
  return any ? 0 : first;
}

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
  } else if (IsRange(line_, &start, &end)) {
    start_ = start;
    end_ = end;
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

bool MappingText::Push(const char* bytes, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (bytes[i] != '\n') {
      if (line_.size() < kMaxLine) line_.push_back(bytes[i]);
      continue;
    }
    if (!Line()) return false;
    line_.clear();
  }
  return true;
}

bool MappingText::Line() {
  uint64_t start = 0, end = 0;
  if (IsRange(line_, &start, &end)) {
    // The next one begins, or one behind the page where nothing is mapped.
    if (!text_.empty() || start > page_) return false;
    if (end <= page_) return true;
  } else if (text_.empty() || text_.size() > kMaxMappingText) {
    return true;
  }
  text_ += line_ + '\n';
  return true;
}

}  // namespace reader
}  // namespace pagefault
