// Programs that nobody can reach any more when the processes that run them have ended: deleted
// ones, and those of another mount namespace. They are held open so that code that is asked about
// later has its names.
//
// What is held keeps a file system busy: only until shortly after the end of the process, which
// does the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>

#include "../util/fd.h"
#include "mapped_file.h"

namespace pagefault {
namespace reader {

class KeptFiles {
 public:
  // What there is to be kept of a mapping's file: its descriptor of ours, -1 where its path leads
  // to it.
  int Keep(const Mapping& mapping, const MappedFile& mapped);
  // Lets go of those whose processes have ended a while ago. `proc`: where procfs lies.
  void Prune(const std::string& proc);
  bool empty() const { return files_.empty(); }

 private:
  struct Kept {
    Fd file;
    uint32_t pid;
    dev_t device;
    ino_t inode;
    int64_t ended;  // when that was seen, 0: it lives
  };
  std::list<Kept> files_;  // the one that was met last is first
};

}  // namespace reader
}  // namespace pagefault
