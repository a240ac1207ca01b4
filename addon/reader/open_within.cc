#include "open_within.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "mapped_file.h"

namespace pagefault {
namespace reader {

namespace {

#ifndef SYS_openat2
#define SYS_openat2 437
#endif

// struct open_how and flags of include/uapi/linux/openat2.h, which older headers lack.
struct OpenHow {
  uint64_t flags, mode, resolve;
};
constexpr uint64_t kNoMagicLinks = 2;
constexpr uint64_t kInRoot = 16;

}  // namespace

Fd OpenRoot(const std::string& path) {
  return Fd(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

bool SameDirectory(const Fd& a, const Fd& b) {
  struct stat first, second;
  return fstat(a.get(), &first) == 0 && fstat(b.get(), &second) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

Fd OpenWithin(const Fd& root, const std::string& path, bool follow_last) {
  OpenHow how = {};
  how.flags = O_PATH | O_CLOEXEC | (follow_last ? 0 : O_NOFOLLOW);
  how.resolve = kNoMagicLinks | kInRoot;
  const Fd place(
      static_cast<int>(syscall(SYS_openat2, root.get(), path.c_str(), &how, sizeof how)));
  Fd file;
  if (place.ok()) OpenRegular(place, &file);
  return file;
}

}  // namespace reader
}  // namespace pagefault
