// The map of a target's run-time code: /tmp/perf-PID.map.
#pragma once

#include <sys/stat.h>

#include "../util/fd.h"
#include "operations.h"

namespace pagefault {
namespace reader {

// Of the process's own /tmp and with the number that it has in its own PID namespace. Only a
// regular file of its user or of root will do: everybody may write to /tmp. Returns 0, ENOENT where
// there is none, EPERM where it is somebody else's, or another errno.
int OpenJitMap(const Context& context, uint32_t pid, Fd* out, struct stat* stat);

}  // namespace reader
}  // namespace pagefault
