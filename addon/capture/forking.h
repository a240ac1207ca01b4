// Threads that may be making a child. A child gets its parent's events as it is begun, and has its
// record and its number when it is whole (copy_process, kernel/fork.c): of one that is in the
// making while its parent's events are opened it has a part, and nobody knows of it yet.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "capture/births.h"

namespace pagefault {

class Forking {
 public:
  // The thread's events are complete as of now.
  void Add(uint32_t pid, uint32_t tid);
  // Whether a child that is born at `time` has all events of this thread, of those added.
  bool IsWhole(uint32_t tid, uint64_t time) const;
  // Takes out those that are not making a child any more. True when none is left: the children of
  // all have records then. Also when that takes too long; `pressed`: now.
  bool Settled(const Births& births, bool pressed);
  // Threads that were taken out because it took too long: a child of one may have a part of its
  // events.
  size_t given_up() const { return given_up_; }
  // The processes of those that were left, each once.
  const std::vector<uint32_t>& processes() const { return processes_; }

 private:
  struct Thread {
    uint32_t pid, tid;
    uint64_t since;
    uint64_t ran;      // ns of CPU time as of then
    uint64_t allowed;  // what a fork of it takes at most, ns of CPU time
  };
  // Notes that it was seen not to.
  bool MayFork(const Thread& thread);

  std::vector<Thread> threads_;
  std::vector<uint32_t> processes_;
  // When they were seen to make no child.
  std::unordered_map<uint32_t, uint64_t> settled_;
  uint64_t last_ = 0;  // added, when
  size_t given_up_ = 0;
};

}  // namespace pagefault
