// What the kernel says of a control group. The answer, for each of kTexts in turn: u32 length and
// the text, 0 where its files are not there (the controller is not on, or the group is gone); then
// u64, the lowest memory.max and memory.high of the group and of those above it, ~0 without one.
//
// A machine may have its memory controller on v1, which has other files (admin-guide/cgroup-v1/
// memory.rst): there it counts in memory.failcnt how often the limit was hit.

#include <errno.h>
#include <stdlib.h>

#include <algorithm>

#include "operations.h"
#include "task_files.h"

namespace pagefault {
namespace reader {

namespace {

// Of each text the file of v2, and those of v1.
constexpr const char* kTexts[][3] = {
    {"memory.current", "memory.usage_in_bytes", nullptr},
    {"memory.events", "memory.oom_control", "memory.failcnt"},
    {"memory.pressure", nullptr, nullptr},
};
constexpr const char* kLimits[] = {"memory.max", "memory.high", "memory.limit_in_bytes"};
// Without a limit v1 has the largest number of whole pages (PAGE_COUNTER_MAX).
constexpr uint64_t kNoLimitOfV1 = uint64_t{1} << 62;
// A few lines of a number each.
constexpr size_t kMaxCgroupFile = 4096;

void AddTexts(const std::string& directory, const char* const (&names)[3], Output* answer) {
  Output text;
  if (ReadFile(directory + names[0], kMaxCgroupFile, &text) != 0) {
    text.Clear();
    for (const char* name : {names[1], names[2]}) {
      Output more;
      if (name == nullptr || ReadFile(directory + name, kMaxCgroupFile, &more) != 0) continue;
      text.Raw(more.bytes().data(), more.bytes().size());
    }
  }
  answer->U32(static_cast<uint32_t>(text.bytes().size()));
  answer->Raw(text.bytes().data(), text.bytes().size());
}

// The number in a file, ~0 for `max` and where there is none.
uint64_t LimitIn(const std::string& path) {
  Output text;
  if (ReadFile(path, kMaxCgroupFile, &text) != 0) return ~uint64_t{0};
  const std::string number(text.bytes().begin(), text.bytes().end());
  char* end = nullptr;
  errno = 0;
  const unsigned long long limit = strtoull(number.c_str(), &end, 10);
  const bool none = end == number.c_str() || errno != 0 || limit >= kNoLimitOfV1;
  return none ? ~uint64_t{0} : limit;
}

}  // namespace

int Cgroup(Context*, Input* request, Output* answer) {
  std::string mount;
  if (!request->Text(request->U16(), &mount)) return EINVAL;
  std::string path = request->Rest();
  // No name in it leads out of the mount.
  if (mount.empty() || mount[0] != '/' || path.empty() || path[0] != '/' ||
      (path + "/").find("/../") != std::string::npos || path.find('\0') != std::string::npos)
    return EINVAL;
  for (const auto& names : kTexts) AddTexts(mount + path + "/", names, answer);
  uint64_t lowest = ~uint64_t{0};
  // The root has none.
  while (path.size() > 1) {
    for (const char* file : kLimits) lowest = std::min(lowest, LimitIn(mount + path + "/" + file));
    path.resize(path.rfind('/'));
  }
  answer->U64(lowest);
  return 0;
}

}  // namespace reader
}  // namespace pagefault
