// The size of the file behind a mapping.
//
//   request   as of kElf (elf_file.cc)
//   answer    u64 size, u64 preferred block size: for hugetlbfs that of its pages
//   errno     ENOENT where the mapping's file cannot be reached
//
// The file is not opened, nor mapped to learn its identity: a mapping of hugetlbfs would take pages
// out of a pool that may be empty. So device and inode have to be those of stat(2), which they are
// on hugetlbfs, tmpfs and most others, and not on btrfs and overlayfs.

#include <errno.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cinttypes>
#include <cstdio>

#include "mapped_file.h"

namespace pagefault {
namespace reader {

int Size(Context* context, Input* request, Output* answer) {
  Mapping mapping;
  if (!ReadMapping(request, &mapping)) return EINVAL;
  char range[48];
  snprintf(range, sizeof range, "%" PRIx64 "-%" PRIx64, mapping.start << 12, mapping.end << 12);
  const std::string process = context->proc + "/" + std::to_string(mapping.pid);
  // Of a process that is gone only the path is left, as we see it.
  for (const std::string& path :
       {process + "/map_files/" + range, process + "/root" + mapping.name, mapping.name}) {
    struct stat file;
    if (stat(path.c_str(), &file) != 0 || file.st_ino != mapping.ino) continue;
    if (major(file.st_dev) != mapping.dev_major || minor(file.st_dev) != mapping.dev_minor)
      continue;
    answer->U64(static_cast<uint64_t>(file.st_size));
    answer->U64(static_cast<uint64_t>(file.st_blksize));
    return 0;
  }
  return ENOENT;
}

}  // namespace reader
}  // namespace pagefault
