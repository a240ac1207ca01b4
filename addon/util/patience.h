// Waiting in the kernel that has an end.
#pragma once

#include <signal.h>
#include <time.h>

#include <cstdint>

namespace pagefault {

// While it lives, what its thread waits for is interrupted again and again: system calls that a
// signal can end answer EINTR then. Whoever made it asks whether to call again.
//
// Not by two threads at once.
class Patience {
 public:
  // `ns`: for one call, and a tenth of it for each after one that has taken all of it: many may
  // wait for the same. Without a timer (RLIMIT_SIGPENDING) nothing is interrupted.
  explicit Patience(uint64_t ns);
  ~Patience();
  Patience(const Patience&) = delete;
  Patience& operator=(const Patience&) = delete;

  // Whether to call again, of a call that began at `since` (MonotonicNow) and was interrupted.
  bool Lasts(uint64_t since);

 private:
  const uint64_t tenth_;
  uint64_t limit_;
  bool ticks_ = false;
  timer_t timer_;
  struct sigaction before_;
};

}  // namespace pagefault
