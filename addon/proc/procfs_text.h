// Parsers of what procfs.h reads: texts that end with a NUL.
#pragma once

#include <cstdint>

#include "proc/procfs.h"

namespace pagefault {

// /proc/PID/stat (proc_pid_stat(5)). False where it is none: `out` is left as it was.
bool ParseStatText(const char* text, ProcessStat* out);

// The stack pointer in /proc/PID/task/TID/syscall, 0 where there is none (a running thread).
uint64_t StackPointerInText(const char* text);

}  // namespace pagefault
