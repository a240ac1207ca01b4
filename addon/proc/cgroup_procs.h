// Who is in a cgroup.
#pragma once

#include <sys/types.h>

#include <vector>

namespace pagefault {

// The processes of a cgroup v2 directory and of those below it, as of now. What cannot be read (a
// threaded cgroup's processes, one that has just gone) is left out.
std::vector<pid_t> ProcessesInCgroup(int directory);

}  // namespace pagefault
