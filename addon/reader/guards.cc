// Which mappings of a process are registered with userfaultfd: only /proc/PID/smaps says it, in
// VmFlags. The kernel walks the page tables for the rest of that file, so that reading it may take
// long.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>

#include "../fd.h"
#include "operations.h"
#include "task_files.h"

namespace pagefault {
namespace reader {

namespace {

constexpr uint8_t kAbsent = 1;  // um, ui: missing and minor faults
constexpr uint8_t kWrite = 2;   // uw: write protection
// More ranges than that are of a hostile process: the lowest will do.
constexpr size_t kMaxRanges = 65536;
constexpr int kMaxDescriptors = 4096;

struct Range {
  uint64_t start, end;  // pages
  uint8_t flags;
};

// Takes smaps in pieces, line by line. Names in it have no newlines: the kernel escapes them.
class SmapsScanner {
 public:
  explicit SmapsScanner(std::vector<Range>* out) : out_(out) {}

  void Push(const char* bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
      if (bytes[i] == '\n') {
        Line();
        line_.clear();
      } else if (line_.size() < kMaxLine) {
        line_.push_back(bytes[i]);
      }
    }
  }

 private:
  // What counts stands at the beginning of a line; of a long name the rest is let go.
  static constexpr size_t kMaxLine = 512;

  void Line() {
    uint64_t start = 0, end = 0;
    if (line_.compare(0, 8, "VmFlags:") == 0) {
      Flags();
    } else if (sscanf(line_.c_str(), "%" SCNx64 "-%" SCNx64 " ", &start, &end) == 2) {
      start_ = start >> 12;
      end_ = end >> 12;
    }
  }

  void Flags() {
    uint8_t flags = 0;
    if (Has(" um") || Has(" ui")) flags |= kAbsent;
    if (Has(" uw")) flags |= kWrite;
    if (flags == 0) return;
    if (!out_->empty() && out_->back().end == start_ && out_->back().flags == flags) {
      out_->back().end = end_;
    } else if (out_->size() < kMaxRanges) {
      out_->push_back({start_, end_, flags});
    }
  }

  bool Has(const char* flag) const { return line_.find(flag) != std::string::npos; }

  std::vector<Range>* out_;
  std::string line_;
  uint64_t start_ = 0, end_ = 0;
};

// Returns 0 or an errno; `any` where there was something to read.
int Scan(const std::string& path, std::vector<Range>* out, bool* any) {
  Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok()) return errno;
  SmapsScanner scanner(out);
  std::vector<char> piece(64 << 10);
  for (;;) {
    const ssize_t n = read(fd.get(), piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0 ? errno : 0;
    *any = true;
    scanner.Push(piece.data(), static_cast<size_t>(n));
  }
}

// The process has a userfaultfd open: it answers its own faults, or has another do so.
bool HoldsUserfaultfd(const std::string& proc, uint32_t pid) {
  DIR* dir = opendir((proc + "/" + std::to_string(pid) + "/fd").c_str());
  if (dir == nullptr) return false;
  bool holds = false;
  for (int left = kMaxDescriptors; left > 0 && !holds; left--) {
    const dirent* entry = readdir(dir);
    if (entry == nullptr) break;
    char target[64];
    const ssize_t n = readlinkat(dirfd(dir), entry->d_name, target, sizeof target);
    holds = n > 0 && std::string(target, static_cast<size_t>(n)) == "anon_inode:[userfaultfd]";
  }
  closedir(dir);
  return holds;
}

}  // namespace

int Guards(Context* context, Input* request, Output* answer) {
  const std::string& proc = context->proc;
  const uint32_t pid = request->U32();
  if (!request->Exact()) return EINVAL;
  std::vector<Range> ranges;
  int first = -1;
  bool any = false;
  EachTask(proc, pid, [&](const std::string& directory) {
    ranges.clear();
    const int error = Scan(directory + "/smaps", &ranges, &any);
    if (first < 0) first = error;
    return any;
  });
  if (!any && first != 0) return first;
  answer->U8(!ranges.empty() && HoldsUserfaultfd(proc, pid));
  for (const Range& range : ranges) {
    answer->U64(range.start);
    answer->U64(range.end);
    answer->U8(range.flags);
  }
  return 0;
}

}  // namespace reader
}  // namespace pagefault
