// The values of a map, as memory that programs and we share.
#pragma once

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>

namespace pagefault {

// Of a map made with BPF_F_MMAPABLE, or of a ring buffer.
class MapMemory {
 public:
  MapMemory() = default;
  ~MapMemory() {
    if (bytes_ > 0) munmap(at_, bytes_);
  }
  MapMemory(const MapMemory&) = delete;
  MapMemory& operator=(const MapMemory&) = delete;

  // Returns 0 or an errno.
  int Map(int fd, size_t bytes, int protection, size_t offset = 0) {
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t whole = (bytes + page - 1) / page * page;
    void* const at = mmap(nullptr, whole, protection, MAP_SHARED, fd, static_cast<off_t>(offset));
    if (at == MAP_FAILED) return errno;
    at_ = at;
    bytes_ = whole;
    return 0;
  }
  void* at() const { return at_; }

 private:
  void* at_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace pagefault
