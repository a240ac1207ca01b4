// The worker thread: waits for the rings, drains them in time order, pairs, fills the mailbox.
#pragma once

#include <poll.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "capture/command.h"
#include "capture/ease.h"
#include "capture/entry_move.h"
#include "capture/event_set.h"
#include "capture/held_reader.h"
#include "capture/notice.h"
#include "capture/stack_budget.h"
#include "capture/windows.h"
#include "faults/pair.h"
#include "source/order.h"
#include "wire/mailbox.h"
#include "wire/pending_faults.h"

namespace pagefault {

struct PollerCounters {
  PairCounters pair;
  MailboxDrops drops;
  uint64_t late = 0;
  uint64_t ring_malformed = 0;
  uint64_t credentials_lost = 0;  // programs that ended before they could be attached to anew
  // Faults that the kernel counted while capture was being switched off, and did not record.
  uint64_t cut_off = 0;
};

class Poller {
 public:
  // `wake` is called on the worker thread whenever the mailbox has something to take.
  Poller(EventSet& events, const Formats& formats, Mailbox& mailbox, Command* command,
         uint64_t start, Following following, ThreadTable threads, std::function<void()> wake);
  ~Poller();

  void Start();
  // Ends capture: a last pass over everything the rings hold, then the thread is joined.
  // Idempotent.
  void Stop();

  PollerCounters counters();
  // The kernel's own counts, less what it counted twice (Pairer, duplicates) or was counting when
  // capture ended (cut_off).
  EventSet::Totals Count();
  size_t descriptors();
  // With a budget: so manyth minor fault has a record from now on, unless more come than can be
  // taken.
  void SetEvery(uint32_t every);
  uint32_t every() const { return every_.load(); }
  // With a budget: minor faults are captured in windows of `length` ns, one in every `cycle` ns; 0:
  // always.
  void SetWindows(uint64_t length, uint64_t cycle);
  // What it was at most for that; 0: never.
  uint32_t eased_every() const { return eased_every_.load(); }
  // With a budget: what was spent up to the last walk, which was at `at` (raw clock, 0: none yet).
  BpfSpent Spent(uint64_t* at);
  std::vector<PendingFault> pending(size_t max);
  // The same, all of them in no order, as columns (pending_faults.h); of more than there is room
  // for the oldest.
  void CopyPending(uint8_t* out);
  // What came up since the start (credentials changed by an exec): the first of it, and when
  // capture has ended how many more.
  std::vector<Notice> notices();
  // There is nobody left who could be followed, or Stop has been called.
  bool ended() const { return ended_.load(); }
  size_t threads_now();
  size_t unwatched_cpus();

 private:
  void Run();
  // What ends a wait: the first four, and the rings.
  enum { kStop, kCommand, kStacks, kWakes, kFirstRing };
  std::vector<pollfd> Wakers() const;
  // One pass up to `horizon` (raw clock). Returns true when records were handed on or are waiting.
  bool Pass(uint64_t horizon);
  // The last pass, once capture has been switched off.
  void Finish();
  void Reattach();
  // True once COMMAND has ended; one whose exec has failed late is told.
  bool ReapCommand();
  // Has programs see entries once those who are followed fault often.
  void MoveEntries(uint64_t now);
  // Has fewer faults captured where more come than can be taken.
  void KeepRoom(uint64_t now);
  void ApplyEvery();
  // Has windows as they were asked for, and opens and closes them.
  void KeepWindows(uint64_t now);
  // Says that one could not be opened or closed, once.
  void CheckWindows(int error);
  // Closes the last one, and takes what is told behind it.
  void EndWindows();
  void FinishWindows();
  // Finds for how many the faults of a window stand that is over, of which no record is taken yet.
  void WeighWindow();
  // Takes stacks more or less often, as the budget says.
  void KeepBudgets();
  // What programs have left untold of threads that have ended. Right after the heads of the rings
  // were loaded: whose EXIT is up to there has left it before.
  void HoldEnded();
  // Takes what programs have counted of threads that are followed since before `before`, and no
  // record tells. Returns 0 or an errno.
  int TakeCounts(uint64_t before);
  // The same when that is due.
  void LookAtCounts(uint64_t now);
  // Looks for threads whose end was lost, and asks for stacks, when that is due.
  void Sweep(uint64_t now);
  // Reports the stacks that have been found.
  void TakeStacks(uint64_t now);
  // Opens events again on CPUs that have come back.
  void LookAtCpus(uint64_t now);
  // Nobody is left to be followed, and nobody can come any more.
  bool Over(uint64_t now);
  void Publish();
  std::vector<PendingFault> Pending();  // under mutex_
  // What was open when capture ended.
  std::vector<PendingFault> left_open_;
  bool finished_ = false;

  EventSet& events_;
  const Formats& formats_;
  Mailbox& mailbox_;
  Command* command_;
  const uint64_t start_;
  const bool open_ended_;  // others may come when those that are followed have ended
  const bool exact_;       // the kernel's counts are of those that are followed, and of nobody else
  std::function<void()> wake_;
  Pairer pairer_;
  const std::vector<Ring*> rings_;   // all of events_
  std::vector<RingSource> sources_;  // one for each of them
  Merger merger_;
  StackBudget stack_budget_;
  StackBudget maker_budget_;
  std::atomic<uint32_t> every_;  // as the user or a budget says
  std::atomic<uint32_t> eased_every_{0};
  uint32_t in_force_;
  Ease ease_;
  Windows windows_;
  EntryMove entry_move_;
  bool windows_failed_ = false;
  double used_ = 0;  // of the rings or of the batches, the fuller one
  HeldReader<ThreadStack> stacks_;
  bool first_stacks_ = true;  // those of the threads seeded are awaited, and the records with them
  uint64_t first_stacks_until_ = 0;  // no longer than that
  uint64_t swept_ = 0;               // when
  uint64_t looked_ = 0;              // at the CPUs, when
  uint64_t sought_ = 0;              // the cgroup, when
  bool removed_ = false;             // it is
  uint64_t counted_ = 0;             // what programs have counted was taken, when
  bool unwatched_told_ = false;
  size_t left_by_sweep_ = 0;  // threads
  Fd stop_fd_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> ended_{false};

  std::mutex mutex_;  // held during a pass; guards what readers ask for below
  PollerCounters published_;
  BpfSpent spent_;
  uint64_t spent_at_ = 0;
  uint64_t asked_length_ = 0, asked_cycle_ = 0;  // of windows
  uint64_t as_of_ = 0;  // the pairer has seen every record up to this time (raw clock)
  uint64_t cut_minor_ = 0;
  uint64_t cut_major_ = 0;
  std::vector<Notice> notices_;
  uint64_t more_notices_ = 0;  // beyond what is kept
  bool exec_told_ = false;
};

}  // namespace pagefault
