// Where processes map a jitdump. Remembered, because a target that runs code which nobody names
// asks again and again, and its maps may be long.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace pagefault {
namespace reader {

// The range of the last mapping that is code of a file named jit-NUMBER.dump, as map_files has it,
// of the text of /proc/PID/maps: of the number `own` before any other, which may be that of a
// parent before fork(2). "" where there is none.
std::string JitDumpInMaps(const char* text, size_t length, uint32_t own);

class JitDumps {
 public:
  // Null where it is not known, or was found out too long ago.
  const std::string* Find(uint32_t pid) const;
  void Keep(uint32_t pid, const std::string& range);
  void Forget(uint32_t pid) { found_.erase(pid); }

 private:
  struct Found {
    std::string range;
    int64_t since = 0;
  };
  std::map<uint32_t, Found> found_;
};

}  // namespace reader
}  // namespace pagefault
