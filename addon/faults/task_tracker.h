// Which threads are followed, from their birth to their end, and what is told of them.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "faults/decode.h"
#include "faults/fault_assembler.h"
#include "faults/following.h"
#include "faults/pair_counters.h"
#include "faults/record_rows.h"
#include "faults/threads.h"
#include "wire/mailbox.h"

namespace pagefault {

class TaskTracker {
 public:
  TaskTracker(Mailbox& mailbox, const SessionTime& session, PairCounters& counters,
              FaultAssembler& faults, Following following)
      : mailbox_(mailbox),
        session_(session),
        counters_(counters),
        faults_(faults),
        following_(std::move(following)) {}

  ThreadTable& threads() { return threads_; }
  // The threads that are there at the start.
  void Seed(ThreadTable threads) { threads_ = std::move(threads); }

  // The thread of a record, which is met where it is not known yet; nullptr when it is not to be
  // followed (foreign, or a second copy).
  Thread* Own(const Record& record);
  // Own() would give one: the record is of a thread that is known, or one to be met.
  bool Owns(const Record& record) {
    return threads_.Find(record.tid) != nullptr || Follows(record);
  }
  // The thread of a record that comes from every thread of the machine; nullptr for a foreign one,
  // and for one of whose process nothing has been told so far.
  Thread* Known(const Record& record);
  // Everyone is followed: what Own() refuses is left out on purpose.
  bool everyone() const { return following_.everyone; }
  // The map of a process is read when it first faults, so that none of it is needed before.
  bool reads_maps() const { return following_.everyone && !following_.recorded; }

  void OnNewTask(const Record& record);
  void OnThreadStart(const Record& record);
  void OnComm(const Record& record);
  void OnFork(const Record& record);
  void OnExit(const Record& record);

  // See Pairer.
  void Sweep(uint64_t time, bool (*gone)(int pid, int tid));
  std::vector<ThreadStack> UnknownStacks();
  void OnStackPointers(uint64_t time, const std::vector<ThreadStack>& stacks);
  std::vector<uint32_t> TakeSuspects();

 private:
  bool Follows(const Record& record) const;
  static bool IsOfUsers(const Record& record);
  // It gets the comm that is looked for.
  bool IsNamed(const Record& record) const;
  // A birth or an end among those left out.
  bool LeavesOut(const Record& record);
  void End(Thread& thread, uint64_t time);
  void ReportStack(Thread& thread, uint64_t stack_pointer, uint64_t time);

  Mailbox& mailbox_;
  const SessionTime& session_;
  PairCounters& counters_;
  FaultAssembler& faults_;
  Following following_;
  ThreadTable threads_;
  std::vector<uint32_t> suspects_;
};

}  // namespace pagefault
