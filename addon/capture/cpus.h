// The CPUs on which events can be opened: those that run something, whatever a container's view of
// /sys says.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "util/fd.h"

namespace pagefault {

class CpuWatch {
 public:
  // Opens an event for all threads of a CPU that counts the time it is on; the descriptor, or
  // -errno: ENODEV for a CPU that is offline, EINVAL for a number beyond the last possible one.
  using Open = std::function<int(int cpu)>;
  // For how long it has been on, ns. It stands still once its CPU has gone offline: that ends the
  // per-CPU events for good (perf_event_exit_cpu, kernel/events/core.c).
  using OnFor = std::function<uint64_t(int fd)>;

  // Tries every possible CPU. Throws SystemError where it cannot be found out, and where a CPU up
  // to `last_known`, which is there for sure, is refused as if there were none.
  CpuWatch(Open open, OnFor on_for, int last_known = 0);
  // With the kernel's events. Who may not watch CPUs is given those of cpu/online and of his
  // affinity.
  static CpuWatch Perf();

  const std::vector<int>& online() const { return online_; }
  // CPUs of online() that have been away since the last look and are back: events that were opened
  // for all of their threads have ended.
  std::vector<int> TakeReturned();
  // It has gone offline since it was listed, and nothing was opened for it.
  void LeaveOut(int cpu);
  // CPUs that came online and were not among online(), or were left out: nothing is captured there.
  size_t unwatched() const;

 private:
  struct Cpu {
    int number;
    bool from_start;
    Fd event;
    uint64_t on_for;
  };
  CpuWatch() = default;

  Open open_;
  OnFor on_for_;
  std::vector<int> online_;
  std::vector<Cpu> cpus_;  // all possible ones; empty where they cannot be watched
};

}  // namespace pagefault
