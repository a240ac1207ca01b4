// Parsers of what procfs.h reads: texts that end with a NUL.
#pragma once

#include <cstdint>

#include "proc/procfs.h"

namespace pagefault {

// /proc/PID/stat (proc_pid_stat(5)). False where it is none: `out` is left as it was.
bool ParseStatText(const char* text, ProcessStat* out);

struct TaskStatus {
  char state = '?';
  uint32_t parent = 0;
  uint32_t threads = 0;
  bool memory = false;  // it has some: one that ends gives it back before its end is told
};
// /proc/PID/status (proc_pid_status(5)), or the beginning of it. False where it is none.
bool ParseStatusText(const char* text, TaskStatus* out);

// The stack pointer in /proc/PID/task/TID/syscall, 0 where there is none (a running thread).
uint64_t StackPointerInText(const char* text);

}  // namespace pagefault
