#include "util/clock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>

#include "util/fd.h"

namespace pagefault {

namespace {

constexpr int64_t kSecond = 1000000000;

int64_t ShiftOfOurNamespace() {
  // The file tells of the namespace that children will be in: ours only where the two are one. With
  // no time namespaces (before Linux 5.6) or no /proc there is nothing to read.
  struct stat own, children;
  if (stat("/proc/self/ns/time", &own) != 0 ||
      stat("/proc/self/ns/time_for_children", &children) != 0 || own.st_ino != children.st_ino) {
    return 0;
  }
  const Fd fd(open("/proc/self/timens_offsets", O_RDONLY | O_CLOEXEC));
  char text[256];
  const ssize_t n = fd.ok() ? read(fd.get(), text, sizeof text) : 0;
  return n > 0 ? MonotonicShift(std::string(text, static_cast<size_t>(n))) : 0;
}

}  // namespace

int64_t MonotonicShift(const std::string& text) {
  // "monotonic   SECONDS   NANOSECONDS"; older kernels write the clock's number, 1.
  for (const char* format : {"monotonic %lld %lld", "1 %lld %lld"}) {
    for (size_t at = 0; at < text.size();) {
      long long seconds, nanoseconds;
      if (sscanf(text.c_str() + at, format, &seconds, &nanoseconds) == 2) {
        return seconds * kSecond + nanoseconds;
      }
      const size_t end = text.find('\n', at);
      if (end == std::string::npos) break;
      at = end + 1;
    }
  }
  return 0;
}

uint64_t MonotonicNow() {
  // A process never changes its own time namespace but by a fork or an exec.
  static const int64_t shift = ShiftOfOurNamespace();
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec * kSecond + now.tv_nsec - shift);
}

}  // namespace pagefault
