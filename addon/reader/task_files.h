// Files of /proc/PID that need the address space of the process: reading them takes its mmap_lock.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bytes.h"

namespace pagefault {
namespace reader {

// Appends a file to `out`, at most up to `max` bytes of it in all. Returns 0 or an errno.
int ReadFile(const std::string& path, size_t max, Output* out);

// Adds u32 length and the text of a file to an answer, a length of 0 where it cannot be read.
void AddFile(const std::string& path, size_t max, Output* answer);

// Directories of /proc in which the process has its address space: its own, or, where its first
// thread has ended (exit_mm leaves /proc/PID without one), those of its other threads. Calls `use`
// with one after the other until it returns true.
void EachTask(const std::string& proc, uint32_t pid,
              const std::function<bool(const std::string& directory)>& use);

// Reads a file of the process to its end, at most `max` bytes. Returns 0 or an errno; an empty file
// is no error (a kernel thread, a zombie).
int ReadTaskFile(const std::string& proc, uint32_t pid, const char* name, size_t max, Output* out);

}  // namespace reader
}  // namespace pagefault
