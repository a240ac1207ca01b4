#include "pair.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>

namespace pagefault {

namespace {

constexpr int kPageShift = 12;  // the unit of ranges, whatever the kernel's page size
constexpr uint64_t kPageMask = (uint64_t{1} << kPageShift) - 1;
// A thread that runs whenever it is looked at is not asked for ever.
constexpr uint8_t kStackLooks = 20;
// Of one thread: handlers that are interrupted by handlers, or that never come back (longjmp).
constexpr size_t kInterruptedMax = 8;

double Pages(uint64_t bytes) {
  return static_cast<double>(bytes >> kPageShift);
}
// Rounded up; an address near the top of the range must not wrap to 0.
double PagesUp(uint64_t bytes) {
  return static_cast<double>((bytes >> kPageShift) + ((bytes & kPageMask) != 0 ? 1 : 0));
}

bool SamePage(uint64_t a, uint64_t b) {
  return ((a ^ b) >> kPageShift) == 0;
}

bool Failed(uint64_t result) {
  return result > static_cast<uint64_t>(-4096);
}

// Of a Record or a Thread.
template <typename Task>
RecordRow Row(RecordType type, const Task& task, uint64_t time) {
  RecordRow row{type};
  row.time = time;
  row.pid = task.pid;
  row.tid = task.tid;
  return row;
}

}  // namespace

void Pairer::Consume(const uint8_t* bytes, size_t length, uint64_t now) {
  Record record;
  if (!Decode(bytes, length, formats_, &record)) {
    counters_.malformed++;
    return;
  }
  switch (record.kind) {
    case RecordKind::kCompletion: {
      const uint64_t stamp = record.time;
      if (record.borrowed) record.time = now;
      return OnCompletion(record, stamp);
    }
    case RecordKind::kEntry:
      if (record.borrowed) record.time = now;
      return OnEntry(record);
    case RecordKind::kSyscall:
      return OnSyscall(record);
    case RecordKind::kSignal:
      return OnSignal(record);
    case RecordKind::kNewTask:
      return OnNewTask(record);
    case RecordKind::kThreadStart:
      return OnThreadStart(record);
    case RecordKind::kMmap:
      return OnMmap(record);
    case RecordKind::kComm:
      return OnComm(record);
    case RecordKind::kFork:
      return OnFork(record);
    case RecordKind::kExit:
      return OnExit(record);
    case RecordKind::kLost:
      return OnLost(record);
    case RecordKind::kIgnored:
      return;
  }
}

Thread* Pairer::Own(const Record& record) {
  Thread* thread = threads_.Find(record.tid);
  if (thread == nullptr) {
    // A thread whose FORK was lost is still known by its process, or by carrying our events at all.
    const bool followed = record.root != 0 || threads_.HasProcess(record.pid);
    // Tasks outside of our pid namespace have tid 0, those already reaped -1.
    if (!followed || record.tid == 0 || record.tid > INT32_MAX) {
      counters_.foreign++;
      return nullptr;
    }
    if (record.pid == 0) {
      // An entry does not tell the process; the completion that follows it will. A record of
      // another kind is of a process outside of our pid namespace.
      if (record.kind == RecordKind::kEntry && record.user_mode) counters_.tainted_entries++;
      return nullptr;
    }
    return threads_.Add(record.pid, record.tid, record.root);
  }
  if (record.root != 0 && thread->root != record.root) {
    if (thread->root != 0) {
      counters_.duplicates++;
      return nullptr;
    }
    thread->root = record.root;
  }
  return thread;
}

void Pairer::Fault(const Thread& thread, const Entry* entry, uint8_t how, uint64_t address,
                   uint64_t time, bool borrowed, uint8_t signal) {
  FaultRow row;
  row.time = Since(time);
  row.address = address;
  row.pid = thread.pid;
  row.tid = thread.tid;
  row.how = how;
  row.signal = signal;
  if (entry != nullptr) {
    row.how |= kHowEntry | (entry->has_code ? kHowErrorCode : 0);
    // A borrowed stamp may come from another clock: a difference to it would be a made-up number.
    // Of a retried fault nobody knows when it was interrupted.
    const bool known = (how & 3) != kHowNone && !borrowed && !entry->borrowed && !entry->retried;
    row.latency = known && time >= entry->time ? static_cast<int64_t>(time - entry->time) : -1;
    row.ip = entry->ip;
    row.error_code = entry->error_code;
  } else {
    row.latency = -1;
    row.ip = 0;
    row.error_code = 0;
  }
  mailbox_.Add(row);
}

void Pairer::DropKernelEntry(Thread& thread) {
  if (!thread.kernel.open) return;
  thread.kernel.open = false;
  counters_.kernel_entries++;
}

void Pairer::LeaveUserEntry(Thread& thread, uint64_t time) {
  Entry& entry = thread.user;
  if (!entry.open) return;
  entry.open = false;
  if (entry.vsyscall()) {
    counters_.vsyscalls++;
    return;
  }
  if (Tainted(entry)) {
    counters_.tainted_entries++;
    return;
  }
  if (formats_.signal.id == 0) {
    counters_.unresolved++;
    Fault(thread, &entry, kHowNone | kHowInferred, entry.address, time, false);
    return;
  }
  counters_.interrupted++;
  if (thread.interrupted.size() == kInterruptedMax) {
    thread.interrupted.erase(thread.interrupted.begin());
  }
  thread.interrupted.push_back(entry);
}

bool Pairer::TakeInterrupted(Thread& thread, const Entry& entry) {
  std::vector<Entry>& list = thread.interrupted;
  for (size_t i = list.size(); i-- > 0;) {
    if (list[i].ip != entry.ip || !SamePage(list[i].address, entry.address)) continue;
    list.erase(list.begin() + static_cast<ptrdiff_t>(i));
    counters_.interrupted--;
    counters_.retried++;
    return true;
  }
  return false;
}

void Pairer::OnSignal(const Record& record) {
  Thread* thread = threads_.Find(record.tid);
  if (thread == nullptr) {
    counters_.foreign++;
    return;
  }
  Entry& entry = thread->user;
  // Not for a page fault: a trap of another kind, or an entry whose completion may be lost.
  if (!entry.open || Tainted(entry)) return;
  entry.open = false;
  counters_.unresolved++;
  const uint8_t bus = record.signal == SIGBUS ? kSignalBus : 0;
  Fault(*thread, &entry, kHowNone, entry.address, record.time, false, bus | record.signal_code);
}

void Pairer::OnNewTask(const Record& record) {
  Thread* maker = threads_.Find(record.tid);
  if (maker == nullptr) {
    counters_.foreign++;
    return;
  }
  // Its FORK comes right before (copy_process in kernel/fork.c), from the same thread.
  const uint32_t child = std::exchange(maker->last_child, 0);
  const bool shares = (record.flags & CLONE_VM) != 0 && (record.flags & CLONE_THREAD) == 0;
  if (!shares || !threads_.HasProcess(child)) return;
  counters_.memory_sharers++;
  RecordRow row{RecordType::kShareSpace};
  row.time = Since(record.time);
  row.pid = child;
  row.tid = child;
  row.a = maker->pid;
  mailbox_.Add(row);
}

void Pairer::ReportStack(Thread& thread, uint64_t stack_pointer, uint64_t time) {
  thread.stack_known = true;
  RecordRow row = Row(RecordType::kStackPointer, thread, Since(time));
  row.a = Pages(stack_pointer);
  mailbox_.Add(row);
}

void Pairer::AskForStacks(uint64_t time, uint64_t (*stack_of)(int pid, int tid)) {
  threads_.ForEach([&](Thread& thread) {
    // The first thread's stack is a mapping that the kernel names.
    if (thread.stack_known || thread.tid == thread.pid || thread.stack_looks >= kStackLooks) return;
    const uint64_t stack_pointer =
        stack_of(static_cast<int>(thread.pid), static_cast<int>(thread.tid));
    thread.stack_looks++;
    if (stack_pointer != 0) ReportStack(thread, stack_pointer, time);
  });
}

void Pairer::OnEntry(const Record& record) {
  Thread* thread = Own(record);
  if (thread == nullptr) return;
  DropKernelEntry(*thread);
  if (record.user_mode) LeaveUserEntry(*thread, record.time);
  Entry& entry = record.user_mode ? thread->user : thread->kernel;
  entry.open = true;
  entry.tainted = false;
  entry.borrowed = record.borrowed;
  entry.has_code = record.event != EventKind::kEntryAny;
  entry.error_code = static_cast<uint16_t>(record.error_code);
  if (!entry.has_code) entry.error_code = 0;
  entry.address = record.address;
  entry.ip = record.ip;
  entry.time = record.time;
  entry.retried =
      record.user_mode && !thread->interrupted.empty() && TakeInterrupted(*thread, entry);
}

void Pairer::OnCompletion(const Record& record, uint64_t stamp) {
  Thread* thread = Own(record);
  const bool major = record.event == EventKind::kMajor;
  if (thread == nullptr) {
    if (record.root != 0) (major ? counters_.duplicate_major : counters_.duplicate_minor)++;
    return;
  }
  if (thread->completed == stamp) {
    // The second copy of one completion (see Thread::root) whose identifier was borrowed too.
    counters_.duplicates++;
    (major ? counters_.duplicate_major : counters_.duplicate_minor)++;
    return;
  }
  thread->completed = stamp;
  if (record.borrowed) counters_.borrowed_stamps++;
  (major ? counters_.major : counters_.minor)++;
  uint8_t how = major ? kHowMaj : kHowMin;
  if (!record.user_mode) how |= kHowKernel;

  Entry* entry = nullptr;
  if (thread->kernel.open && SamePage(thread->kernel.address, record.address)) {
    // The kernel entry is the later one: OnEntry drops it when a user entry follows.
    entry = &thread->kernel;
  } else if (thread->user.open && SamePage(thread->user.address, record.address)) {
    entry = &thread->user;
    DropKernelEntry(*thread);
  }
  if (entry == nullptr) counters_.unpaired_completions++;
  Fault(*thread, entry, how, record.address, record.time, record.borrowed);
  if (entry != nullptr) entry->open = false;
}

void Pairer::OnSyscall(const Record& record) {
  Thread* thread = threads_.Find(record.tid);
  if (thread == nullptr) {
    counters_.foreign++;
    return;
  }
  switch (record.event) {
    case EventKind::kMunmapEnter:
    case EventKind::kMremapEnter:
      thread->syscall = static_cast<uint8_t>(record.event);
      thread->syscall_time = record.time;
      std::copy(record.argument, record.argument + 5, thread->argument);
      return;
    case EventKind::kShmdtEnter: {
      // It fails where nothing is attached, and then the map has nothing to detach.
      RecordRow row = Row(RecordType::kDetach, *thread, Since(record.time));
      row.a = Pages(record.argument[0]);
      row.c = static_cast<double>(Since(record.time));
      mailbox_.Add(row);
      return;
    }
    case EventKind::kBrkExit: {
      RecordRow row = Row(RecordType::kBrk, *thread, Since(record.time));
      row.a = PagesUp(record.argument[0]);
      mailbox_.Add(row);
      return;
    }
    default:
      break;
  }
  const EventKind entered = static_cast<EventKind>(thread->syscall);
  thread->syscall = 0;
  const uint64_t result = record.argument[0];
  if (Failed(result)) return;
  const uint64_t* argument = thread->argument;
  if (record.event == EventKind::kMunmapExit && entered == EventKind::kMunmapEnter) {
    RecordRow row = Row(RecordType::kUnmap, *thread, Since(record.time));
    row.a = Pages(argument[0]);
    row.b = PagesUp(argument[0] + argument[1]);
    row.c = static_cast<double>(Since(thread->syscall_time));
    mailbox_.Add(row);
  } else if (record.event == EventKind::kMremapExit && entered == EventKind::kMremapEnter) {
    RecordRow row = Row(RecordType::kRemap, *thread, Since(record.time));
    row.a = Pages(argument[0]);
    row.b = PagesUp(argument[0] + argument[1]);
    row.c = static_cast<double>(Since(thread->syscall_time));
    row.d = Pages(result);
    row.e = PagesUp(result + argument[2]);
    row.flags = static_cast<uint32_t>(argument[3]);
    mailbox_.Add(row);
  }
}

void Pairer::OnThreadStart(const Record& record) {
  Thread* thread = threads_.Find(record.tid);
  if (thread == nullptr) {
    counters_.foreign++;
    return;
  }
  if (thread->stack_known) return;
  // The byte below: nothing has been pushed yet, and a stack that begins at the end of its mapping
  // has its pointer outside of it.
  if (record.stack_pointer != 0) ReportStack(*thread, record.stack_pointer - 1, record.time);
}

void Pairer::OnMmap(const Record& record) {
  Thread* thread = Own(record);
  if (thread == nullptr) return;
  thread->fresh_exec = false;
  RecordRow row = Row(RecordType::kMmap, record, Since(record.time));
  row.a = Pages(record.address);
  row.b = PagesUp(record.address + record.length);
  row.c = Pages(record.pgoff);
  row.prot = record.prot;
  row.flags = record.flags;
  row.dev_major = record.dev_major;
  row.dev_minor = record.dev_minor;
  row.ino = record.ino;
  row.name = record.name;
  row.name_length = record.name_length;
  mailbox_.Add(row);
}

void Pairer::OnComm(const Record& record) {
  Thread* thread = Own(record);
  if (thread == nullptr) return;
  if (record.exec) {
    thread->fresh_exec = true;
    thread->interrupted.clear();
    if (threads_.ProcessThreads(record.pid) > 1) {
      // The other threads were killed by the exec; the one that called it goes on under the
      // leader's tid, so no EXIT names its old one.
      std::vector<uint32_t> gone;
      threads_.ForEach([&](const Thread& other) {
        if (other.pid == record.pid && other.tid != record.tid) gone.push_back(other.tid);
      });
      for (uint32_t tid : gone) threads_.Remove(tid);
    }
  }
  RecordRow row = Row(RecordType::kComm, record, Since(record.time));
  row.flags = record.exec ? 1 : 0;
  row.name = record.name;
  row.name_length = record.name_length;
  mailbox_.Add(row);
}

void Pairer::OnFork(const Record& record) {
  Thread* parent = threads_.Find(record.ptid);
  if (parent == nullptr ? (wide_ || record.root == 0) && !threads_.HasProcess(record.ppid)
                        : record.root != 0 && parent->root != 0 && parent->root != record.root) {
    counters_.foreign++;
    return;
  }
  if (record.pid != record.ppid && !children_) return;
  const uint32_t root = parent == nullptr ? record.root : parent->root;
  if (parent != nullptr && record.pid != record.ppid) parent->last_child = record.pid;
  // A thread that was born while its parent was being attached has events of its own: those are
  // whole, the ones it inherited may be a part.
  const Thread* known = threads_.Find(record.tid);
  if (known == nullptr || known->root != record.tid) threads_.Add(record.pid, record.tid, root);
  RecordRow row = Row(RecordType::kFork, record, Since(record.time));
  row.a = record.ppid;
  row.b = record.ptid;
  mailbox_.Add(row);
}

void Pairer::OnExit(const Record& record) {
  Thread* thread = threads_.Find(record.tid);
  if (thread == nullptr || (record.root != 0 && thread->root != 0 && thread->root != record.root)) {
    counters_.foreign++;
    return;
  }
  End(*thread, record.time);
}

void Pairer::End(Thread& thread, uint64_t time) {
  DropKernelEntry(thread);
  LeaveUserEntry(thread, time);
  const RecordRow row = Row(RecordType::kExit, thread, Since(time));
  const bool suspect = thread.fresh_exec;
  threads_.Remove(row.tid);
  if (suspect && !threads_.HasProcess(row.pid)) suspects_.push_back(row.pid);
  mailbox_.Add(row);
}

void Pairer::Sweep(uint64_t time, bool (*gone)(int pid, int tid)) {
  std::vector<uint32_t> ended;
  threads_.ForEach([&](Thread& thread) {
    if (!gone(static_cast<int>(thread.pid), static_cast<int>(thread.tid))) return;
    if (thread.gone) ended.push_back(thread.tid);
    thread.gone = true;
  });
  for (uint32_t tid : ended) {
    Thread& thread = *threads_.Find(tid);
    thread.user.tainted = true;  // what became of its last fault is lost with its end
    End(thread, time);
  }
}

void Pairer::OnLost(const Record& record) {
  counters_.lost_records += record.lost;
  threads_.ForEach([](Thread& thread) {
    thread.user.tainted = true;
    thread.kernel.tainted = true;
    thread.syscall = 0;
  });
  RecordRow row{RecordType::kLost};
  row.time = Since(record.time);
  row.a = static_cast<double>(record.lost);
  mailbox_.Add(row);
}

void Pairer::DoubtMaps(uint64_t time) {
  RecordRow row{RecordType::kLost};
  row.time = Since(time);
  mailbox_.Add(row);
}

std::vector<uint32_t> Pairer::TakeSuspects() {
  std::vector<uint32_t> suspects;
  suspects.swap(suspects_);
  return suspects;
}

}  // namespace pagefault
