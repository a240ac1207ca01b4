// What the kernel says of the memory of one mapping, and of huge pages on this machine:
// Documentation/filesystems/proc.rst (smaps), Documentation/admin-guide/mm/transhuge.rst.
//
//   request   u32 pid, u64 page (4 KiB)
//   answer    text: a line each of enabled, defrag and hpage_pmd_size of transparent huge pages,
//             empty where there is none, then the lines of /proc/PID/smaps about the mapping
//   errno     ENOENT nothing is mapped there

#include <errno.h>

#include <string>

#include "operations.h"
#include "smaps.h"
#include "task_files.h"

namespace pagefault {
namespace reader {

namespace {

constexpr size_t kMaxSetting = 256;

void AddSetting(const char* name, Output* answer) {
  const std::string path = std::string("/sys/kernel/mm/transparent_hugepage/") + name;
  Output text;
  if (ReadFile(path, kMaxSetting, &text) == 0) {
    const std::string all(text.bytes().begin(), text.bytes().end());
    const std::string line = all.substr(0, all.find('\n'));
    answer->Raw(line.data(), line.size());
  }
  answer->U8('\n');
}

}  // namespace

int MappingMemory(Context* context, Input* request, Output* answer) {
  const uint32_t pid = request->U32();
  const uint64_t page = request->U64();
  if (!request->Exact() || page >= kAddressSpacePages) return EINVAL;
  for (const char* name : {"enabled", "defrag", "hpage_pmd_size"}) AddSetting(name, answer);
  MappingText text(page);
  const int error = ReadSmaps(context->proc, pid, [&](const char* bytes, size_t length) {
    return text.Push(bytes, length);
  });
  if (error != 0) return error;
  if (text.text().empty()) return ENOENT;
  answer->Raw(text.text().data(), text.text().size());
  return 0;
}

}  // namespace reader
}  // namespace pagefault
