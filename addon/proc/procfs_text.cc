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
  unsigned long flags;
  unsigned parent;
  unsigned threads;
  unsigned long long start;
  unsigned long long minor, child_minor, major, child_major;
  // state(3) ppid pgrp session tty tpgid flags(9) minflt cminflt majflt cmajflt ... num_threads(20)
  // itrealvalue starttime(22)
  const int found =
      sscanf(at + 1,
             " %c %u %*d %*d %*d %*d %lu %llu %llu %llu %llu %*u %*u %*d %*d %*d %*d %u "
             "%*d %llu",
             &state, &parent, &flags, &minor, &child_minor, &major, &child_major, &threads, &start);
  if (found != 9) return false;
  out->state = state;
  out->parent = parent;
  out->flags = static_cast<uint32_t>(flags);
  out->threads = threads;
  out->minor = minor;
  out->major = major;
  out->child_minor = child_minor;
  out->child_major = child_major;
  out->start_time = start;
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
