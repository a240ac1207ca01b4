// The programs of faults.bpf.c in the kernel: loaded by libbpf, attached, told whom to follow.
//
// libbpf is opened when it is needed: nothing else of the addon depends on it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bpf/fault_record.h"
#include "bpf/shared_rings.h"

namespace pagefault {

struct BpfOptions {
  BpfSettings settings = {};
  int cgroup = -1;  // descriptor of the directory, for kBpfCgroup
  // Of the rings that programs write into themselves, one for each CPU that is online. 0: none,
  // records go into perf rings.
  size_t ring_bytes = 0;
};

// What could not be had, and why.
struct BpfRefusal {
  int error = 0;  // errno
  std::string what;
};

// With a budget, since the start.
struct BpfSpent {
  // Completions of those who are followed, records, and the time that it took to put these into the
  // rings, ns.
  uint64_t counted = 0, captured = 0, put_ns = 0;
  // What it takes to run the programs for a fault that has no record, as they say themselves, ns.
  double entry_ns = 0, completion_ns = 0;
  uint64_t ran_ns = 0;  // CPU time of those who are followed, as of the last walk (TakeCounts)
  uint64_t minor = 0;   // their minor faults, as of then
};

class BpfPrograms {
 public:
  // Loads and attaches them. nullptr where that cannot be done.
  static std::unique_ptr<BpfPrograms> Open(const BpfOptions& options, BpfRefusal* refusal);
  ~BpfPrograms();
  BpfPrograms(const BpfPrograms&) = delete;
  BpfPrograms& operator=(const BpfPrograms&) = delete;

  // All threads of these processes are followed from now on, and, with children, those of their
  // descendants. Returns 0 or an errno.
  int List(const std::vector<pid_t>& pids);
  // From now on the events are of everybody who runs on a CPU: those of others are left out.
  void SetWide();
  // The event (PERF_COUNT_SW_BPF_OUTPUT) by which records get into a perf ring of a CPU: those with
  // stacks, or all others that do not go into a ring of shared memory. Returns 0 or an errno.
  int SetRing(int cpu, int fd, bool stacked);
  // That ring, emptied. False where there is none for this CPU: it came online just now.
  bool OpenSharedRing(int cpu, SharedRing* ring);
  // The identifier of its records.
  void SetSharedId(int cpu, uint64_t id);
  // Readable when a quarter of one of these rings has been filled; to be taken before they are
  // read.
  int wakes() const;
  void TakeWakes();
  // With so manyth record of a CPU comes a stack from now on.
  void SetStackEvery(uint32_t every);
  // Faults that this event counts are finished by the program. Returns 0 or an errno.
  int SetOn(int fd, bool major);
  // Nobody is listed any more.
  void EndListing();
  // All events are on: who is followed has no unseen completions from now on.
  void Begin();
  // Of settings.apart, where entries are taken in. The same, and they stay so: programs alone tell
  // who is in a fault that is entered from now on.
  void EndApart();
  // What is entered from now on is not taken in.
  void End();

  // Of all CPUs.
  BpfCounters Count() const;
  // Threads with a user fault that has been entered and not completed. Returns 0 or an errno.
  int ForEachOpen(const std::function<void(const BpfTask& task)>& visit) const;
  // Of settings.sampled: so manyth minor fault has a record, on average, from now on.
  void SetEvery(uint32_t every);
  // What has been counted of threads and is told by no record; of threads that are followed since a
  // time before `before` (CLOCK_MONOTONIC, ns). Each is told once. Returns 0 or an errno.
  int TakeCounts(uint64_t before, const std::function<void(const BpfCount&)>& visit);
  // The same of threads that have ended, and for whose last record there was no room.
  void TakeEnded(const std::function<void(const BpfEnded&)>& visit);
  // Of settings.budget.
  BpfSpent Spent() const;
  // Of settings.budget. From now on minor faults are captured in windows only, none of which is
  // open; and what the kernel counts of threads is told, not what programs do. Or not any more.
  void SetWindows(bool windows);
  // Of settings.budget or settings.apart. Entries are taken in, or are not. Returns 0 or an errno,
  // and those that could be switched are.
  int SetEntries(bool on);
  // What is entered from now on and completed within `length` ns is captured.
  // Returns now (CLOCK_MONOTONIC, ns).
  uint64_t OpenWindow(uint64_t length);
  void CloseWindow();
  // Threads that end from now on are told of no more, which with windows would be without an end.
  void Freeze();
  size_t descriptors() const;

 private:
  struct Loaded;
  explicit BpfPrograms(std::unique_ptr<Loaded> loaded);

  std::unique_ptr<Loaded> loaded_;
};

}  // namespace pagefault
