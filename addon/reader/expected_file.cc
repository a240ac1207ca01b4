#include "expected_file.h"

#include "elf_parse.h"
#include "mapped_file.h"

namespace pagefault {
namespace reader {

bool ExpectedFile::Read(Input* in) {
  constexpr uint8_t kUnread = 255;
  known = in->U8() != 0;
  if (!known) return true;
  size = in->U64();
  mtime = in->U64();
  keeper = in->U32();
  kept = in->U32();
  const uint8_t length = in->U8();
  has_id = length != kUnread;
  return !has_id || (length <= kMaxBuildId && in->Text(length, &id));
}

std::string ExpectedFile::KeptPath() const {
  if (keeper == 0) return "";
  return "/proc/" + std::to_string(keeper) + "/fd/" + std::to_string(kept);
}

bool ExpectedFile::Is(const struct stat& stat, const std::string& build_id) const {
  if (!known) return true;
  if (has_id && (!id.empty() || !build_id.empty())) return id == build_id;
  return size == static_cast<uint64_t>(stat.st_size) && mtime == Nanoseconds(stat.st_mtim);
}

}  // namespace reader
}  // namespace pagefault
