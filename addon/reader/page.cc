// The mapping of one page, by PROCMAP_QUERY on an open /proc/PID/maps.
//
//   request   u32 pid, u64 page (4 KiB)
//   answer    u64 start and end page, u64 pgoff (pages), u64 inode, u32 device major and minor,
//             u8 flags (1 r, 2 w, 4 x, 8 shared), then the name
//   errno     ENOENT nothing is mapped there, ENOTTY the kernel has no such call (before 6.11)

#include <errno.h>
#include <fcntl.h>

#include "../util/fd.h"
#include "frame.h"
#include "maps_text.h"
#include "operations.h"
#include "task_files.h"
#include "vma_query.h"

namespace pagefault {
namespace reader {

namespace {

// PROCMAP_QUERY refuses a name that is longer than PATH_MAX, the text has it whole.
std::string NameInText(const std::string& proc, uint32_t pid, uint64_t start) {
  Output text;
  if (ReadTaskFile(proc, pid, "maps", kMaxAnswer, &text) != 0) return "";
  return NameInMaps(reinterpret_cast<const char*>(text.bytes().data()), text.bytes().size(), start);
}

// What is asked of one maps file. The name is left out where it is too long.
int Query(int fd, uint64_t address, VmaAnswer* out, bool* nameless) {
  const int error = QueryVma(fd, address, true, out);
  *nameless = error == ENAMETOOLONG;
  return *nameless ? QueryVma(fd, address, false, out) : error;
}

}  // namespace

int Page(Context* context, Input* request, Output* answer) {
  const uint32_t pid = request->U32();
  const uint64_t page = request->U64();
  if (!request->Exact() || page >= kAddressSpacePages) return EINVAL;

  VmaAnswer vma;
  bool nameless = false;
  int error = ESRCH;
  const int known = context->open_maps.Find(pid);
  if (known >= 0) error = Query(known, page << 12, &vma, &nameless);
  if (error == ESRCH) {
    context->open_maps.Forget(pid);
    EachTask(context->proc, pid, [&](const std::string& directory) {
      Fd fd(open((directory + "/maps").c_str(), O_RDONLY | O_CLOEXEC));
      // Without a directory there is no such process, which is not the same as an unmapped page.
      error = fd.ok()             ? Query(fd.get(), page << 12, &vma, &nameless)
              : (errno == ENOENT) ? ESRCH
                                  : errno;
      if (error == ESRCH) return false;
      if (fd.ok()) context->open_maps.Keep(pid, std::move(fd));
      return true;
    });
  }
  if (error != 0) return error;
  answer->U64(vma.start >> 12);
  answer->U64(vma.end >> 12);
  answer->U64(vma.offset >> 12);
  answer->U64(vma.ino);
  answer->U32(vma.dev_major);
  answer->U32(vma.dev_minor);
  answer->U8(static_cast<uint8_t>(vma.flags & 15));
  const std::string name = nameless ? NameInText(context->proc, pid, vma.start) : vma.name;
  answer->Raw(name.data(), name.size());
  return 0;
}

}  // namespace reader
}  // namespace pagefault
