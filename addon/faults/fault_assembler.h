// Entry and completion of a thread -> a fault.
//
//   completion  joins the latest open entry of its thread on the same page
//   stack       is that of the open entry of its thread on the same page
//   signal      SIGSEGV or SIGBUS that a thread is sent for its open user entry: unresolved
//   user entry  whose thread enters another user fault, or exits, with neither: a signal has
//   interrupted it (SIGSTOP, a handler, SIGKILL). Where the same instruction faults on the same
//   page again it is the same fault, retried: one fault, of unknown latency. Without the tracepoint
//   of signals all of these are unresolved, inferred
//   kernel entry without completion is no fault (an atomic copy that is tried again, EFAULT):
//   counted
//   a call through the vsyscall page is a user entry that the kernel answers without completion
//   (emulate_vsyscall, arch/x86/entry/vsyscall/vsyscall_64.c): no fault, counted
#pragma once

#include "faults/decode.h"
#include "faults/pair_counters.h"
#include "faults/record_rows.h"
#include "faults/threads.h"
#include "wire/mailbox.h"

namespace pagefault {

class FaultAssembler {
 public:
  FaultAssembler(const Formats& formats, Mailbox& mailbox, const SessionTime& session,
                 PairCounters& counters)
      : formats_(formats), mailbox_(mailbox), session_(session), counters_(counters) {}

  void OnEntry(Thread& thread, const Record& record);
  // A call chain, or the copy of a stack. `weight`: how many faults it stands for.
  void OnStack(Thread& thread, const Record& record, uint32_t weight);
  // `stamp` is the time that the record itself carries.
  void OnCompletion(Thread& thread, const Record& record, uint64_t stamp);
  void OnSignal(Thread& thread, const Record& record);
  // Entry and end in one, joined by a BPF program; or the end alone.
  void OnFinished(Thread& thread, const Record& record);
  // Minor faults of the thread that no record tells of; below 0 what records have told too much.
  void OnCounted(const Thread& thread, int64_t minor, uint64_t time);
  // The thread ends: its open entries come to nothing.
  void OnEnd(Thread& thread, uint64_t time);
  // Records from before `time` may be missing, though no LOST says so yet: a user entry from before
  // then that has no completion claims no fault.
  void SuspectUntil(uint64_t time) { suspect_until_ = time; }
  // Up to `time` entries have records of their own though programs finish the faults, which may
  // have seen the last of these entries as well.
  void EntriesApartUntil(uint64_t time) { apart_until_ = time; }
  bool IsApart(const Entry& entry) const { return entry.time <= apart_until_; }
  // The completion of this open entry may be among lost records.
  bool Tainted(const Entry& entry) const {
    const bool known = formats_.finished && !IsApart(entry);
    return !known && (entry.tainted || entry.time < suspect_until_);
  }

 private:
  void Enter(Thread& thread, const Record& record, uint64_t time);
  // The entry of a finished fault has come in a record of its own.
  bool IsTold(const Thread& thread, const Record& record) const;
  // The open user entry, if any, has come to nothing by `time`, and no signal was seen for it.
  void LeaveUserEntry(Thread& thread, uint64_t time);
  // Takes out the interrupted entry that this one retries.
  bool TakeInterrupted(Thread& thread, const Entry& entry);
  void DropKernelEntry(Thread& thread);
  // The stack of the fault of this entry, which is in the record.
  static void Keep(Thread& thread, const Entry& entry, const Record& record, uint64_t weight);
  // The open entry that a stack or a completion belongs to; nullptr where there is none.
  static Entry* EntryOf(Thread& thread, const Record& record);
  void AddWithStack(Thread& thread, const FaultRow& row);
  // Of what a row of a fault says that neither thread nor entry knows.
  struct Ending {
    uint8_t flags;
    uint64_t address;
    uint64_t time;
    bool borrowed = false;
    uint8_t signal = 0;
    uint32_t weight = 1;
    uint32_t counted = 1;
  };
  void Fault(Thread& thread, const Entry* entry, const Ending& ending);

  const Formats& formats_;
  Mailbox& mailbox_;
  const SessionTime& session_;
  PairCounters& counters_;
  uint64_t suspect_until_ = 0;
  uint64_t apart_until_ = 0;
};

}  // namespace pagefault
