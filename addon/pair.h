// Records in time order -> faults and address-space changes.
//
// A fault is an entry record and a completion record of one thread at one page; where its halves
// lie in different rings (the thread migrated while it slept) does not matter, because records
// arrive in time order and the halves are kept by thread.
//
//   completion  joins the latest open entry of its thread on the same page
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

#include <cstdint>
#include <utility>
#include <vector>

#include "decode.h"
#include "mailbox.h"
#include "threads.h"

namespace pagefault {

struct PairCounters {
  uint64_t minor = 0, major = 0, unresolved = 0;
  uint64_t unpaired_completions = 0;
  uint64_t kernel_entries = 0;
  uint64_t vsyscalls = 0;    // calls through the vsyscall page
  uint64_t interrupted = 0;  // user entries that a signal interrupted, never retried so far
  uint64_t retried = 0;      // those that were
  uint64_t memory_sharers = 0;
  uint64_t tainted_entries = 0;
  uint64_t lost_records = 0;
  uint64_t malformed = 0;
  uint64_t duplicates = 0;                            // second copies of any record
  uint64_t duplicate_minor = 0, duplicate_major = 0;  // completions among them: counted twice
  uint64_t foreign = 0;
  uint64_t borrowed_stamps = 0;  // completions with another perf session's time
};

class Pairer {
 public:
  // `children`: threads of processes born of followed ones are followed too. `wide`: records of
  // every process of the machine arrive.
  Pairer(const Formats& formats, Mailbox& mailbox, uint64_t start_time, bool children, bool wide)
      : formats_(formats),
        mailbox_(mailbox),
        start_(start_time),
        children_(children),
        wide_(wide) {}

  ThreadTable& threads() { return threads_; }
  // The threads that are there at the start. Before the first Consume.
  void Seed(ThreadTable threads) { threads_ = std::move(threads); }
  const PairCounters& counters() const { return counters_; }

  // One record; `now` is the time of the order in which they come (Merger), for those whose own
  // stamp is of another clock.
  void Consume(const uint8_t* bytes, size_t length, uint64_t now);
  // Records from before `time` may be missing, though no LOST says so yet: a user entry from before
  // then that has no completion claims no fault.
  void SuspectUntil(uint64_t time) { suspect_until_ = time; }
  // The completion of this open entry may be among lost records.
  bool Tainted(const Entry& entry) const { return entry.tainted || entry.time < suspect_until_; }
  // Address-space records may be missing from before `time`, though none was lost in a ring.
  void DoubtMaps(uint64_t time);
  // Takes out the threads that `gone(pid, tid)` says have ended, unless their EXIT comes before the
  // next sweep: it may be in the rings still. For records that were lost; without this a session
  // would never end, and the table would grow with every thread whose EXIT is missing.
  void Sweep(uint64_t time, bool (*gone)(int pid, int tid));
  // Asks stack_of(pid, tid) for the stack pointers of threads that were not seen to start; 0 is no
  // answer.
  void AskForStacks(uint64_t time, uint64_t (*stack_of)(int pid, int tid));
  // Processes whose last thread exited right behind an exec: the kernel ends capture when a program
  // changes its credentials (begin_new_exec), and reports that as an exit. The caller looks whether
  // they live on.
  std::vector<uint32_t> TakeSuspects();

 private:
  void OnEntry(const Record& record);
  void OnCompletion(const Record& record, uint64_t stamp);
  void OnSyscall(const Record& record);
  void OnSignal(const Record& record);
  void OnNewTask(const Record& record);
  void OnThreadStart(const Record& record);
  void OnMmap(const Record& record);
  void OnComm(const Record& record);
  void OnFork(const Record& record);
  void OnExit(const Record& record);
  void OnLost(const Record& record);
  void End(Thread& thread, uint64_t time);

  // The thread of a record, nullptr when it is not to be followed (foreign, or a second copy).
  Thread* Own(const Record& record);
  // The open user entry, if any, has come to nothing by `time`, and no signal was seen for it.
  void LeaveUserEntry(Thread& thread, uint64_t time);
  // Takes out the interrupted entry that this one retries.
  bool TakeInterrupted(Thread& thread, const Entry& entry);
  void DropKernelEntry(Thread& thread);
  void Fault(const Thread& thread, const Entry* entry, uint8_t how, uint64_t address, uint64_t time,
             bool borrowed, uint8_t signal = 0);
  void ReportStack(Thread& thread, uint64_t stack_pointer, uint64_t time);
  // Before the start there are the records of the moment of attach: they count from zero.
  uint64_t Since(uint64_t time) const { return time > start_ ? time - start_ : 0; }

  const Formats& formats_;
  Mailbox& mailbox_;
  const uint64_t start_;
  const bool children_;
  const bool wide_;
  ThreadTable threads_;
  PairCounters counters_;
  std::vector<uint32_t> suspects_;
  uint64_t suspect_until_ = 0;
};

}  // namespace pagefault
