// The file in which a target tells of its run-time code: /tmp/perf-PID.map, or jit-PID.dump.
#pragma once

#include <sys/stat.h>

#include "../symbols/protocol.h"
#include "../util/fd.h"
#include "operations.h"

namespace pagefault {
namespace reader {

struct JitFile {
  symbols::Role role = symbols::kJitMap;
  Fd file;
  struct stat stat = {};
  uint64_t started = 0;  // its process, clock ticks since boot
};

// The map is that of the process's own /tmp, with the number that it has in its own PID namespace;
// one that is older than the process is none.
// A dump is one that the process maps as code, which is how its maker says where it lies
// (tools/perf/Documentation/jitdump-specification.txt); it is looked for where there is no map.
// Only a regular file of its user or of root will do: everybody may write to /tmp. Returns 0,
// ENOENT where there is none, EPERM where it is somebody else's, or another errno.
int OpenJitFile(Context* context, uint32_t pid, JitFile* out);

}  // namespace reader
}  // namespace pagefault
