#include "kept_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <iterator>
#include <utility>

#include "../symbols/message.h"

namespace pagefault {
namespace reader {

namespace {

constexpr size_t kMaxKept = 64;
// Names are asked for within a second of the faults, on a busy machine within a few.
constexpr int64_t kAfterEndNs = 5'000'000'000;

bool IsAtItsPath(const Mapping& mapping, const struct stat& file) {
  struct stat at;
  return !mapping.IsDeleted() &&
         fstatat(AT_FDCWD, mapping.name.c_str(), &at, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) == 0 &&
         at.st_dev == file.st_dev && at.st_ino == file.st_ino;
}

}  // namespace

int KeptFiles::Keep(const Mapping& mapping, const MappedFile& mapped) {
  if (IsAtItsPath(mapping, mapped.stat)) return -1;
  for (auto at = files_.begin(); at != files_.end(); ++at) {
    if (at->device != mapped.stat.st_dev || at->inode != mapped.stat.st_ino) continue;
    at->pid = mapping.pid;
    at->ended = 0;
    files_.splice(files_.begin(), files_, at);
    return at->file.get();
  }
  Fd file(fcntl(mapped.file.get(), F_DUPFD_CLOEXEC, 3));
  if (!file.ok()) return -1;
  files_.push_front(
      {std::move(file), mapping.pid, mapped.stat.st_dev, mapped.stat.st_ino, /*ended=*/0});
  if (files_.size() > kMaxKept) files_.pop_back();
  return files_.front().file.get();
}

void KeptFiles::Prune(const std::string& proc) {
  const int64_t now = symbols::Now();
  for (auto at = files_.begin(); at != files_.end();) {
    const std::string directory = proc + "/" + std::to_string(at->pid);
    if (at->ended == 0 && access(directory.c_str(), F_OK) != 0) at->ended = now;
    const bool over = at->ended != 0 && now - at->ended >= kAfterEndNs;
    at = over ? files_.erase(at) : std::next(at);
  }
}

}  // namespace reader
}  // namespace pagefault
