// Records in time order -> faults and address-space changes.
//
// A fault is an entry record and a completion record of one thread at one page; where its halves
// lie in different rings (the thread migrated while it slept) does not matter, because records
// arrive in time order and the halves are kept by thread. What they make: fault_assembler.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bpf/fault_record.h"
#include "faults/decode.h"
#include "faults/fault_assembler.h"
#include "faults/pair_counters.h"
#include "faults/record_rows.h"
#include "faults/stack_periods.h"
#include "faults/syscall_pairer.h"
#include "faults/task_tracker.h"
#include "faults/threads.h"
#include "faults/window_weights.h"
#include "wire/mailbox.h"

namespace pagefault {

class Pairer {
 public:
  Pairer(const Formats& formats, Mailbox& mailbox, uint64_t start_time, Following following)
      : formats_(formats),
        mailbox_(mailbox),
        session_(start_time),
        faults_(formats, mailbox, session_, counters_),
        syscalls_(mailbox, session_),
        tasks_(mailbox, session_, counters_, faults_, std::move(following)) {}
  Pairer(const Pairer&) = delete;
  Pairer& operator=(const Pairer&) = delete;

  ThreadTable& threads() { return tasks_.threads(); }
  // The threads that are there at the start. Before the first Consume.
  void Seed(ThreadTable threads) { tasks_.Seed(std::move(threads)); }
  StackPeriods& stack_periods() { return stack_periods_; }
  StackPeriods& maker_periods() { return maker_periods_; }
  const PairCounters& counters() const { return counters_; }

  // One record; `now` is the time of the order in which they come (Merger), for those whose own
  // stamp is of another clock.
  void Consume(const RawRecord& raw, uint64_t now);
  // What is counted of a thread and told by no record (FaultAssembler::OnCounted); `listed` as of a
  // finished fault.
  void OnCounted(uint32_t pid, uint32_t tid, int64_t minor, bool listed, uint64_t time);
  // The same of a thread that has ended. It is told right before its EXIT, which comes with the
  // records that follow, or, where that was lost, by TellEnded.
  void OnEnded(const BpfEnded& ended, bool listed);
  // Of those that ended before `time`, up to which every record has been seen.
  void TellEnded(uint64_t time);
  // Of minor faults in windows alone, for how many each stands.
  WindowWeights& window() { return window_; }
  // A record of a window that is over (WindowWeights::Look).
  void LookAhead(const RawRecord& raw, uint64_t since);
  // See FaultAssembler.
  void SuspectUntil(uint64_t time) { faults_.SuspectUntil(time); }
  void EntriesApartUntil(uint64_t time) { faults_.EntriesApartUntil(time); }
  bool IsApart(const Entry& entry) const { return faults_.IsApart(entry); }
  bool Tainted(const Entry& entry) const { return faults_.Tainted(entry); }
  // Address-space records may be missing from before `time`, though none was lost in a ring.
  void DoubtMaps(uint64_t time);
  // Takes out the threads that `gone(pid, tid)` says have ended, unless their EXIT comes before the
  // next sweep: it may be in the rings still. For records that were lost; without this a session
  // would never end, and the table would grow with every thread whose EXIT is missing.
  void Sweep(uint64_t time, bool (*gone)(int pid, int tid)) { tasks_.Sweep(time, gone); }
  // Threads that were not seen to start, whose stack pointers are to be asked for: each of them
  // some times, until there is an answer.
  std::vector<ThreadStack> UnknownStacks() { return tasks_.UnknownStacks(); }
  // What was found out.
  void OnStackPointers(uint64_t time, const std::vector<ThreadStack>& stacks) {
    tasks_.OnStackPointers(time, stacks);
  }
  // Processes whose last thread exited right behind an exec: the kernel ends capture when a program
  // changes its credentials (begin_new_exec), and reports that as an exit. The caller looks whether
  // they live on.
  std::vector<uint32_t> TakeSuspects() { return tasks_.TakeSuspects(); }

 private:
  struct Ended {
    BpfEnded ended;
    bool listed;
  };
  void Tell(const Ended& told);
  void OnCompletion(const Record& record, uint64_t stamp);
  void OnFinished(Record* record);
  void OnCounted(const Record& record);
  void OnExit(const Record& record);
  void OnStack(const Record& record);
  void OnMmap(const Record& record);
  void OnCgroup(const Record& record);
  void OnLost(const Record& record);
  void OnLostStacks(const Record& record, bool of_makers);

  const Formats& formats_;
  Mailbox& mailbox_;
  const SessionTime session_;
  PairCounters counters_;
  WindowWeights window_;
  StackPeriods stack_periods_;
  StackPeriods maker_periods_;
  FaultAssembler faults_;
  SyscallPairer syscalls_;
  TaskTracker tasks_;
  std::unordered_map<uint32_t, Ended> ended_;  // by tid: not told yet
};

}  // namespace pagefault
