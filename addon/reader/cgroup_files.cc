// What the kernel says of a control group of v2. The answer, for each of kFiles in turn: u32 length
// and the text, 0 where the file is not there (the controller is not on, or the group is gone);
// then u64, the lowest memory.max and memory.high of the group and of those above it, ~0 without
// one.

#include <errno.h>
#include <stdlib.h>

#include <algorithm>

#include "operations.h"
#include "task_files.h"

namespace pagefault {
namespace reader {

namespace {

constexpr const char* kFiles[] = {"memory.current", "memory.events", "memory.pressure"};
// A few lines of a number each.
constexpr size_t kMaxCgroupFile = 4096;

// The number in a file, ~0 for `max` and where there is none.
uint64_t LimitIn(const std::string& path) {
  Output text;
  if (ReadFile(path, kMaxCgroupFile, &text) != 0) return ~uint64_t{0};
  const std::string number(text.bytes().begin(), text.bytes().end());
  char* end = nullptr;
  errno = 0;
  const unsigned long long limit = strtoull(number.c_str(), &end, 10);
  return end == number.c_str() || errno != 0 ? ~uint64_t{0} : limit;
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
  for (const char* file : kFiles) AddFile(mount + path + "/" + file, kMaxCgroupFile, answer);
  uint64_t lowest = ~uint64_t{0};
  // The root has none.
  while (path.size() > 1) {
    for (const char* file : {"/memory.max", "/memory.high"})
      lowest = std::min(lowest, LimitIn(mount + path + file));
    path.resize(path.rfind('/'));
  }
  answer->U64(lowest);
  return 0;
}

}  // namespace reader
}  // namespace pagefault
