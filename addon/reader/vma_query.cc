#include "vma_query.h"

#include <errno.h>
#include <sys/ioctl.h>

#include <cstring>

namespace pagefault {

namespace {

// struct procmap_query of include/uapi/linux/fs.h, which older headers lack. 104 bytes.
struct ProcmapQuery {
  uint64_t size;
  uint64_t query_flags;
  uint64_t query_addr;
  uint64_t vma_start, vma_end, vma_flags, vma_page_size, vma_offset, inode;
  uint32_t dev_major, dev_minor;
  uint32_t vma_name_size, build_id_size;
  uint64_t vma_name_addr, build_id_addr;
};
static_assert(sizeof(ProcmapQuery) == 104, "the kernel checks the size");

constexpr unsigned long kProcmapQuery = _IOWR('f', 17, ProcmapQuery);
constexpr size_t kNameBytes = 4096 + 64;  // PATH_MAX and " (deleted)"

}  // namespace

int QueryVma(int maps_fd, uint64_t address, bool named, VmaAnswer* out) {
  char name[kNameBytes];
  ProcmapQuery query;
  memset(&query, 0, sizeof query);
  query.size = sizeof query;
  query.query_addr = address;
  if (named) {
    query.vma_name_size = sizeof name;
    query.vma_name_addr = reinterpret_cast<uint64_t>(name);
  }
  while (ioctl(maps_fd, kProcmapQuery, &query) != 0) {
    if (errno != EINTR) return errno;
  }
  out->start = query.vma_start;
  out->end = query.vma_end;
  out->flags = query.vma_flags;
  out->offset = query.vma_offset;
  out->ino = query.inode;
  out->dev_major = query.dev_major;
  out->dev_minor = query.dev_minor;
  // The size comes back with the terminating NUL, 0 for no name.
  out->name.assign(name, query.vma_name_size > 0 ? strnlen(name, sizeof name) : 0);
  return 0;
}

}  // namespace pagefault
