// Which mappings of a process are registered with userfaultfd: only /proc/PID/smaps says it, in
// VmFlags.

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "operations.h"
#include "smaps.h"

namespace pagefault {
namespace reader {

namespace {

constexpr int kMaxDescriptors = 4096;

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
  SmapsScanner scanner(&ranges);
  const int error = ReadSmaps(proc, pid, [&](const char* bytes, size_t length) {
    scanner.Push(bytes, length);
    return true;
  });
  if (error != 0) return error;
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
