// The accounts of processes, for who must not wait for one of them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "proc/procfs.h"

namespace pagefault {

// In the order asked; nothing where a process has ended, cannot be looked at, or is held up by its
// exec. Throws SystemError where there is no descriptor left.
std::vector<std::optional<ProcessStat>> StatsOf(const std::vector<uint32_t>& pids);

}  // namespace pagefault
