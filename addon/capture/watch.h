// A process of its own that ends the command should we die without having done so (addon/watcher).
#pragma once

#include <sys/types.h>

#include <string>

#include "util/fd.h"

namespace pagefault {

// Starts the program `file` for the process `pid` with its pidfd. `group`: the command leads a
// process group that is ended with it. The watcher acts when the returned descriptor is closed, by
// us or by our death, while the command lives. Throws SystemError.
Fd StartWatcher(const std::string& file, pid_t pid, int pidfd, bool group);

}  // namespace pagefault
