#include "proc/procfs_text.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace pagefault {

bool ParseStatText(const char* text, ProcessStat* out) {
  // The name in parentheses may hold anything, parentheses too: the last one ends it.
  const char* at = strrchr(text, ')');
  if (at == nullptr) return false;
  char state;
  unsigned parent;
  unsigned threads;
  unsigned long long start;
  unsigned long long minor, child_minor, major, child_major;
  // state(3) ppid pgrp session tty tpgid flags(9) minflt cminflt majflt cmajflt ... num_threads(20)
  // itrealvalue starttime(22)
  const int found =
      sscanf(at + 1,
             " %c %u %*d %*d %*d %*d %*u %llu %llu %llu %llu %*u %*u %*d %*d %*d %*d %u "
             "%*d %llu",
             &state, &parent, &minor, &child_minor, &major, &child_major, &threads, &start);
  if (found != 8) return false;
  out->state = state;
  out->parent = parent;
  out->threads = threads;
  out->minor = minor;
  out->major = major;
  out->child_minor = child_minor;
  out->child_major = child_major;
  out->start_time = start;
  return true;
}

bool ParseStatusText(const char* text, TaskStatus* out) {
  // The name before these has its line ends escaped (task_state in fs/proc/array.c).
  const char* const state = strstr(text, "\nState:\t");
  const char* const parent = strstr(text, "\nPPid:\t");
  if (state == nullptr || parent == nullptr || state[8] == '\0') return false;
  out->state = state[8];
  out->parent = static_cast<uint32_t>(strtoul(parent + 7, nullptr, 10));
  const char* const threads = strstr(text, "\nThreads:\t");
  out->threads = threads == nullptr ? 0 : static_cast<uint32_t>(strtoul(threads + 10, nullptr, 10));
  // A kernel thread has none of its own (Linux 6.8 has this line).
  const char* const kernel = strstr(text, "\nKthread:\t");
  out->memory = strstr(text, "\nVmSize:\t") != nullptr || (kernel != nullptr && kernel[10] == '1');
  return true;
}

uint64_t StackPointerInText(const char* text) {
  // "running", or the call's number and arguments, then stack pointer and program counter; of a
  // thread that sleeps outside of a call "-1" and these two.
  const char* const last = strrchr(text, ' ');
  if (last == nullptr) return 0;
  const char* at = last;
  while (at > text && at[-1] != ' ') at--;
  return at == text ? 0 : strtoull(at, nullptr, 16);
}

}  // namespace pagefault
