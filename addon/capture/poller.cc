#include "capture/poller.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>

#include "capture/attach.h"
#include "capture/pending.h"
#include "capture/priority.h"
#include "proc/procfs.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/start_thread.h"

namespace pagefault {

namespace {
// Between passes, ms. A record waits for one full interval before it is handed on (order.h), so
// this is half of the delay until it is seen. The rings wake the thread earlier when a quarter is
// full.
constexpr int kBusyInterval = 15;
constexpr int kIdleInterval = 240;
// In the beginning somebody waits for the first numbers, and a refresh of the screen that comes too
// early for a fault is followed by the next one a second later.
constexpr int kFirstIdleInterval = 30;
constexpr uint64_t kFirstTime = 2'000'000'000;  // ns
// Of a reader who has not taken what he has: he gathers (src/app/assemble.ts), or is
// busy, and a pass costs both as much as some dozens of faults do.
constexpr int kUntakenInterval = 100;
// A sweep asks the kernel for every thread, 0.3 us, and for every process, 15 us: the pauses grow
// with their number, so that it costs some 0.1 % of one CPU.
constexpr uint64_t kSweepPause = 500'000'000;  // ns
constexpr uint64_t kSweepPausePerThread = 10'000'000;
// Each look reads one event on every CPU, as perf stat -a -I does.
constexpr uint64_t kCpuPause = 1'000'000'000;
// Between looks whether a cgroup is still there.
constexpr uint64_t kCgroupPause = 250'000'000;
// A walk asks for every thread of the machine, some 0.1 us each.
constexpr uint64_t kCountPause = 250'000'000;
// A table that has grown to twice this and its old size is swept without such a pause.
constexpr size_t kSweepSize = 4096;
// What was on the stacks of threads that were there before us has its name from the first fault on
// where they are all found within this time.
constexpr uint64_t kFirstStacks = 50'000'000;  // ns
// One stack takes 5 us.
constexpr uint64_t kStackPatience = 1'000'000'000;  // ns
// For the records of faults that were being written when capture was switched off.
constexpr int kLastLooks = 4;
constexpr useconds_t kLastLookPause = 1000;
// A program that execs set-uid programs for ever must not fill the memory with news of it.
constexpr size_t kMaxNotices = 32;

// Pauses between passes, ms: short while something is brought. What others do is in the rings of
// all threads of a CPU, too, and is no reason to stay awake: after what is `seen` at the end of a
// long pause there is one short one, after which it is handed on if it is ours, and then a long one
// again.
class Pauses {
 public:
  int last() const { return last_; }

  // `idle`: the longest one.
  void Next(int idle, bool seen, bool brought, bool untaken) {
    const bool looked = looking_;
    looking_ = false;
    if (untaken) {
      last_ = kUntakenInterval;
    } else if (brought) {
      last_ = kBusyInterval;
    } else if (seen && last_ == idle) {
      looking_ = true;
      last_ = kBusyInterval;
    } else {
      last_ = looked ? idle : std::min(last_ * 2, idle);
    }
  }

 private:
  int last_ = kBusyInterval;
  // The last pause is short to look what was seen.
  bool looking_ = false;
};

void LookForStack(ThreadStack* stack) {
  stack->pointer = StackPointerOf(static_cast<pid_t>(stack->pid), static_cast<pid_t>(stack->tid));
}
}  // namespace

Poller::Poller(EventSet& events, const Formats& formats, Mailbox& mailbox, Command* command,
               uint64_t start, Following following, ThreadTable threads, std::function<void()> wake)
    : events_(events),
      formats_(formats),
      mailbox_(mailbox),
      command_(command),
      start_(start),
      open_ended_(following.everyone || !following.name.empty()),
      exact_(!events.wide()),
      wake_(std::move(wake)),
      pairer_(formats, mailbox, start, std::move(following)),
      rings_(events.all_rings()),
      stack_budget_(events.plan().stack_budget),
      maker_budget_(events.plan().maker_budget),
      every_(events.plan().every),
      in_force_(events.plan().every),
      windows_(events),
      entry_move_(events),
      stacks_(LookForStack, kStackPatience),
      stop_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!stop_fd_.ok()) throw SystemError(errno, "eventfd", "");
  pairer_.Seed(std::move(threads));
  pairer_.stack_periods().Change(start, events.plan().stack_every);
  pairer_.maker_periods().Change(start, events.plan().maker_every);
  if (events.plan().apart) pairer_.EntriesApartUntil(UINT64_MAX);
  for (Ring* ring : rings_) sources_.emplace_back(ring, &formats.events);
}

Poller::~Poller() {
  Stop();
}

void Poller::Start() {
  thread_ = StartThread(&Poller::Run, this);
}

void Poller::Stop() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    events_.Disable();
  }
  stopping_ = true;
  // The descriptor is an event counter: the write can only fail when it is already readable.
  if (eventfd_write(stop_fd_.get(), 1) != 0 && errno != EAGAIN) stopping_ = true;
  thread_.join();
}

bool Poller::Pass(uint64_t horizon) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (events_.programs() != nullptr) events_.programs()->TakeWakes();
  bool waiting = false;
  used_ = mailbox_.used();
  for (Ring* ring : rings_) {
    ring->LoadHead();
    used_ = std::max(used_, ring->used());
    waiting = waiting || !ring->empty();
  }
  HoldEnded();
  if (waiting) {
    bool lossy = false;
    for (const Ring& ring : events_.rings()) lossy = lossy || ring.full();
    if (lossy) pairer_.SuspectUntil(UINT64_MAX);
    merger_.Drain(sources_, horizon, MonotonicNow(),
                  [this](const RawRecord& record, uint64_t now) { pairer_.Consume(record, now); });
    // One that filled up while it was read loses records too, and what comes next on another ring
    // would be taken for the end of a fault whose completion is among them.
    for (Ring* ring : rings_) ring->Publish();
    for (Ring& ring : events_.rings()) lossy = ring.TakeFilled() || lossy;
    if (lossy) pairer_.SuspectUntil(MonotonicNow());  // there is room again
  }
  as_of_ = std::min(horizon, MonotonicNow());
  Publish();
  return waiting;
}

void Poller::HoldEnded() {
  if (!formats_.sampled) return;
  events_.programs()->TakeEnded(
      [this](const BpfEnded& ended) { pairer_.OnEnded(ended, !open_ended_); });
}

int Poller::TakeCounts(uint64_t before) {
  if (!formats_.sampled) return 0;
  std::lock_guard<std::mutex> lock(mutex_);
  const bool listed = !open_ended_;
  pairer_.TellEnded(std::min(before, as_of_));
  const int error = events_.programs()->TakeCounts(before, [&](const BpfCount& count) {
    pairer_.OnCounted(count.pid, count.tid, count.minor, listed, as_of_);
  });
  spent_ = events_.programs()->Spent();
  spent_at_ = MonotonicNow();
  Publish();
  return error;
}

void Poller::LookAtCounts(uint64_t now) {
  if (now - counted_ < kCountPause) return;
  counted_ = now;
  // Who is followed since then has told of its birth. What cannot be read now is read later.
  TakeCounts(as_of_);
}

void Poller::Finish() {
  Pass(UINT64_MAX);
  const int error = TakeCounts(UINT64_MAX);
  if (error != 0) {
    std::lock_guard<std::mutex> lock(mutex_);
    notices_.push_back({"COUNTS_UNREAD", error, ErrnoText(error)});
  }
  if (windows_.used()) return FinishWindows();
  // Where everything has ended by itself nothing is cut off, and what is missing is missing. The
  // counts of events for all threads of a CPU are of everything on the machine, and a few faults
  // are in them that the kernel gives no record of.
  if (threads_now() == 0 || !exact_) return;
  // Switching an event off can interrupt a fault between its being counted and its being recorded
  // (perf_swevent_event). The record comes right after, or never: kernels since 2026 look once more
  // whether the event is on.
  uint64_t minor = 0;
  uint64_t major = 0;
  for (int looks = 0; looks < kLastLooks; looks++) {
    if (looks > 0) {
      usleep(kLastLookPause);
      Pass(UINT64_MAX);
      TakeCounts(UINT64_MAX);
    }
    const EventSet::Totals counted = Count();
    minor = counted.minor - std::min(counted.minor, published_.pair.minor + counted.lost_minor);
    major = counted.major - std::min(counted.major, published_.pair.major + counted.lost_major);
    if (minor + major == 0) return;
  }
  // One fault at a time is handled on a CPU: more than that have another cause.
  if (minor + major > events_.cpus()) return;
  std::lock_guard<std::mutex> lock(mutex_);
  cut_minor_ = minor;
  cut_major_ = major;
  published_.cut_off = minor + major;
}

bool Poller::Over(uint64_t now) {
  if (open_ended_ && now - sought_ >= kCgroupPause) {
    sought_ = now;
    removed_ = events_.cgroup_removed();
  }
  if (open_ended_) return removed_;
  return pairer_.threads().ever_used() && pairer_.threads().size() == 0;
}

void Poller::Publish() {
  published_.pair = pairer_.counters();
  published_.drops = mailbox_.drops();
  published_.late = merger_.late();
  published_.ring_malformed = 0;
  for (const Ring* ring : rings_) published_.ring_malformed += ring->malformed();
}

void Poller::Reattach() {
  const std::vector<uint32_t> suspects = pairer_.TakeSuspects();
  if (suspects.empty()) return;
  if (!events_.wide()) {
    std::lock_guard<std::mutex> lock(mutex_);
    events_.Retire();
  }
  for (uint32_t pid : suspects) {
    const pid_t process = static_cast<pid_t>(pid);
    int error = HasEnded(process) ? ESRCH : 0;
    std::lock_guard<std::mutex> lock(mutex_);
    if (error != 0) {
      published_.credentials_lost++;
      continue;
    }
    if (!events_.wide()) error = AttachAfterExec(events_, formats_, pairer_.threads(), process);
    if (error != 0) published_.credentials_lost++;
    if (error == ESRCH) continue;  // it has just ended
    if (notices_.size() < kMaxNotices) {
      notices_.push_back({"CREDENTIALS_CHANGED", error, std::to_string(pid)});
    } else {
      more_notices_++;
    }
  }
}

void Poller::KeepBudgets() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (const uint32_t period = stack_budget_.Next(pairer_.stack_periods(), as_of_)) {
    pairer_.stack_periods().Change(MonotonicNow(), period);
    events_.SetStackPeriod(period);
  }
  if (const uint32_t period = maker_budget_.Next(pairer_.maker_periods(), as_of_)) {
    pairer_.maker_periods().Change(MonotonicNow(), period);
    events_.SetMakerPeriod(period);
  }
}

void Poller::Sweep(uint64_t now) {
  const size_t threads = pairer_.threads().size();
  if (threads == 0) return;
  const bool grown = threads > 2 * std::max(left_by_sweep_, kSweepSize);
  const uint64_t pause = grown ? kSweepPause : kSweepPause + threads * kSweepPausePerThread;
  if (now - swept_ < pause) return;
  swept_ = now;
  if (!stacks_.busy()) stacks_.Ask(pairer_.UnknownStacks());
  std::lock_guard<std::mutex> lock(mutex_);
  pairer_.Sweep(now, Gone);
  left_by_sweep_ = pairer_.threads().size();
  Publish();
}

void Poller::TakeStacks(uint64_t now) {
  const std::vector<ThreadStack> found = stacks_.Take(now);
  if (!found.empty()) pairer_.OnStackPointers(first_stacks_ ? start_ : now, found);
  if (!stacks_.busy() || now > first_stacks_until_) first_stacks_ = false;
}

void Poller::LookAtCpus(uint64_t now) {
  if (now - looked_ < kCpuPause && !stopping_) return;
  looked_ = now;
  std::lock_guard<std::mutex> lock(mutex_);
  // What changed the maps on such a CPU before this is not known.
  if (events_.ReopenReturned() > 0) pairer_.DoubtMaps(now);
  if (unwatched_told_ || events_.unwatched_cpus() == 0) return;
  unwatched_told_ = true;
  notices_.push_back({"CPUS_NOT_WATCHED", 0, std::to_string(events_.unwatched_cpus())});
}

bool Poller::ReapCommand() {
  if (command_ == nullptr || !command_->Reap()) return false;
  const int error = command_->exec_error();
  if (error == 0 || exec_told_) return true;
  exec_told_ = true;
  std::lock_guard<std::mutex> lock(mutex_);
  notices_.push_back({"COMMAND_FAILED", error, ErrnoText(error)});
  return true;
}

std::vector<pollfd> Poller::Wakers() const {
  std::vector<pollfd> fds(kFirstRing);
  fds[kStop] = {stop_fd_.get(), POLLIN, 0};
  fds[kCommand] = {command_ != nullptr ? command_->pidfd() : -1, POLLIN, 0};
  fds[kStacks] = {stacks_.descriptor(), POLLIN, 0};
  fds[kWakes] = {events_.programs() != nullptr ? events_.programs()->wakes() : -1, POLLIN, 0};
  for (const std::vector<Fd>* owners : {&events_.owners(), &events_.stack_owners()}) {
    for (const Fd& owner : *owners) fds.push_back({owner.get(), POLLIN, 0});
  }
  return fds;
}

void Poller::Run() {
  // So that top -H tells it from Node's own threads. Cannot fail: short enough, and our own thread.
  prctl(PR_SET_NAME, "pf-poller");
  RaisePriority();
  std::vector<pollfd> fds = Wakers();

  stacks_.Ask(pairer_.UnknownStacks());
  first_stacks_until_ = MonotonicNow() + kFirstStacks;
  uint64_t horizon = 0;
  Pauses pauses;
  while (!stopping_) {
    // EINTR and a spurious return only make a pass come early.
    poll(fds.data(), static_cast<nfds_t>(fds.size()), windows_.Wait(MonotonicNow(), pauses.last()));
    for (size_t i = kFirstRing; i < fds.size(); i++) {
      // A ring whose owner has ended (the thread that started us) reports that for ever; the timer
      // goes on serving it.
      if ((fds[i].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) fds[i].fd = -1;
    }
    // Readable for ever once the command has ended: looked at again, it would keep us spinning.
    if (ReapCommand()) fds[kCommand].fd = -1;
    const uint64_t now = MonotonicNow();
    TakeStacks(now);
    KeepWindows(now);
    const bool seen = Pass(horizon);
    const uint64_t done = horizon;
    if (!first_stacks_) horizon = windows_.Horizon(now);
    KeepBudgets();
    KeepRoom(now);
    MoveEntries(now);
    Sweep(now);
    LookAtCpus(now);
    LookAtCounts(now);
    Reattach();
    const bool over = Over(now);
    const bool brought = mailbox_.holds();
    const bool waiting = mailbox_.Flush(done > start_ ? done - start_ : 0, over);
    // Who has not taken yet what he was woken for is woken again where room gets scarce.
    const bool news = waiting && (!mailbox_.untaken() || mailbox_.crowded());
    if (news || (over && !ended_)) {
      ended_ = over;
      wake_();
    }
    const int idle = now - start_ < kFirstTime ? kFirstIdleInterval : kIdleInterval;
    pauses.Next(idle, seen, brought, mailbox_.untaken());
  }
  LookAtCpus(MonotonicNow());
  if (first_stacks_) poll(&fds[kStacks], 1, kFirstStacks / 1'000'000);
  TakeStacks(MonotonicNow());
  EndWindows();
  Finish();
  {
    // What a program keeps of a thread goes with the thread.
    std::lock_guard<std::mutex> lock(mutex_);
    left_open_ = Pending();
    finished_ = true;
  }
  mailbox_.Flush(MonotonicNow() - start_, true);
  ended_ = true;
  wake_();
}

}  // namespace pagefault
