// Which mappings of a process are registered with userfaultfd: only /proc/PID/smaps says it, in
// VmFlags. The kernel walks the page tables for the rest of that file, so that reading it may take
// long.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "../util/fd.h"
#include "operations.h"
#include "smaps.h"
#include "task_files.h"

namespace pagefault {
namespace reader {

namespace {

constexpr int kMaxDescriptors = 4096;

// Returns 0 or an errno; `any` where there was something to read.
int Scan(const std::string& path, std::vector<GuardedRange>* out, bool* any) {
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
  std::vector<GuardedRange> ranges;
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
  for (const GuardedRange& range : ranges) {
    answer->U64(range.start);
    answer->U64(range.end);
    answer->U8(range.flags);
  }
  return 0;
}

}  // namespace reader
}  // namespace pagefault
