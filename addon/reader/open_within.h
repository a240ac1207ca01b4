// Opens files by paths that are a target's to choose.
#pragma once

#include <string>

#include "../util/fd.h"

namespace pagefault {
namespace reader {

// Not ok where there is none.
Fd OpenRoot(const std::string& path);

// Both are one directory.
bool SameDirectory(const Fd& a, const Fd& b);

// A regular file, for reading. No link on the way leads out of `root` or through /proc (openat2(2),
// Linux 5.6; before that nothing is found). Not ok where there is none.
Fd OpenWithin(const Fd& root, const std::string& path, bool follow_last = true);

}  // namespace reader
}  // namespace pagefault
