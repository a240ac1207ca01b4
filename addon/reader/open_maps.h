// Open maps files by pid: a target that faults where nothing is mapped asks again and again.
#pragma once

#include <cstdint>
#include <map>

#include "../util/fd.h"

namespace pagefault {
namespace reader {

class OpenMaps {
 public:
  // -1 where there is none.
  int Find(uint32_t pid);
  void Keep(uint32_t pid, Fd fd);
  void Forget(uint32_t pid) { open_.erase(pid); }

 private:
  struct Open {
    Fd fd;
    int64_t since = 0;
  };
  std::map<uint32_t, Open> open_;
};

}  // namespace reader
}  // namespace pagefault
