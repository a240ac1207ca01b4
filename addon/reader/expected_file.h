// Which file a mapping was of, for who is not to be told of another that has taken its place.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>

#include "bytes.h"

namespace pagefault {
namespace reader {

struct ExpectedFile {
  bool known = false;
  uint64_t size = 0;
  uint64_t mtime = 0;
  uint32_t keeper = 0;
  uint32_t kept = 0;
  bool has_id = false;
  std::string id;

  // u8 0 where that is not known, or 1, u64 size, u64 mtime (ns), u32 pid of the reader that keeps
  // it (kept_files.h) and u32 its descriptor, or zeros, u8 length of the build id, the build id.
  // 255 for a length: that was not read. False for what is none.
  bool Read(Input* in);
  // Where it is kept: as Mapping has it.
  std::string KeptPath() const;
  // It has not been written over since. A change of its mode or links makes no other file of it.
  bool Is(const struct stat& stat, const std::string& build_id) const;
};

}  // namespace reader
}  // namespace pagefault
