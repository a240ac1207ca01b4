#include "faults/fault_assembler.h"

#include <signal.h>

#include <cstddef>
#include <cstring>

#include "bpf/fault_record.h"

namespace pagefault {

namespace {

// Of one thread: handlers that are interrupted by handlers, or that never come back (longjmp).
constexpr size_t kInterruptedMax = 8;

}  // namespace

void FaultAssembler::OnEntry(Thread& thread, const Record& record) {
  Enter(thread, record, record.time);
}

void FaultAssembler::Enter(Thread& thread, const Record& record, uint64_t time) {
  DropKernelEntry(thread);
  if (record.user_mode) LeaveUserEntry(thread, time);
  Entry& entry = record.user_mode ? thread.user : thread.kernel;
  entry.open = true;
  entry.tainted = false;
  entry.borrowed = record.borrowed;
  entry.has_code = record.event != EventKind::kEntryAny;
  entry.error_code = static_cast<uint16_t>(record.error_code);
  if (!entry.has_code) entry.error_code = 0;
  entry.address = record.address;
  entry.ip = record.ip;
  entry.time = time;
  entry.retried = record.user_mode && !thread.interrupted.empty() && TakeInterrupted(thread, entry);
}

Entry* FaultAssembler::EntryOf(Thread& thread, const Record& record) {
  // Of two open entries the kernel's is the later one: OnEntry drops it when a user entry follows.
  for (Entry* entry : {&thread.kernel, &thread.user}) {
    if (!entry->open) continue;
    if (!record.addressed || SamePage(entry->address, record.address)) return entry;
  }
  return nullptr;
}

void FaultAssembler::OnStack(Thread& thread, const Record& record, uint32_t weight) {
  if (const Entry* entry = EntryOf(thread, record)) return Keep(thread, *entry, record, weight);
  // Beside another perf session the stamp can be of another clock, and the copy comes too early or
  // too late.
  if (record.copied && record.registers != nullptr) counters_.unjoined_stacks++;
}

void FaultAssembler::Keep(Thread& thread, const Entry& entry, const Record& record,
                          uint64_t weight) {
  if (record.copied && record.registers == nullptr) return;
  thread.stack_entry = entry.time;
  thread.stack_weight = weight;
  thread.stack_copied = record.copied;
  if (record.copied) return CopyWords(record, &thread.stack);
  thread.stack.resize(record.chain_size);
  if (record.chain_size > 0) memcpy(thread.stack.data(), record.chain, 8 * record.chain_size);
}

void FaultAssembler::OnCompletion(Thread& thread, const Record& record, uint64_t stamp) {
  const bool major = record.event == EventKind::kMajor;
  if (thread.completed == stamp) {
    // The second copy of one completion (see Thread::root) whose identifier was borrowed too.
    counters_.duplicates++;
    (major ? counters_.duplicate_major : counters_.duplicate_minor)++;
    return;
  }
  thread.completed = stamp;
  if (record.borrowed) counters_.borrowed_stamps++;
  (major ? counters_.major : counters_.minor) += static_cast<uint64_t>(record.counted);
  uint8_t flags = major ? kFlagMaj : kFlagMin;
  if (!record.user_mode) flags |= kFlagKernel;

  Entry* entry = EntryOf(thread, record);
  if (entry == &thread.user) DropKernelEntry(thread);
  if (entry == nullptr) counters_.unpaired_completions++;
  const bool told = record.addressed || entry == nullptr;
  Fault(thread, entry,
        {flags, told ? record.address : entry->address, record.time, record.borrowed, 0,
         record.weight, static_cast<uint32_t>(record.counted)});
  if (entry != nullptr) entry->open = false;
}

void FaultAssembler::OnSignal(Thread& thread, const Record& record) {
  Entry& entry = thread.user;
  const uint8_t bus = record.signal == SIGBUS ? kSignalBus : 0;
  const auto signal = static_cast<uint8_t>(bus | record.signal_code);
  if (record.kind == RecordKind::kFinished && record.entered == 0 && apart_until_ == 0) {
    // Between windows a program tells it by the signal alone.
    counters_.unresolved++;
    return Fault(thread, nullptr, {kFlagNone, record.address, record.time, false, signal});
  }
  // Not for a page fault: a trap of another kind, or an entry whose completion may be lost.
  if (!entry.open || Tainted(entry)) return;
  entry.open = false;
  counters_.unresolved++;
  Fault(thread, &entry, {kFlagNone, entry.address, record.time, false, signal});
}

bool FaultAssembler::IsTold(const Thread& thread, const Record& record) const {
  const Entry& entry = record.user_mode ? thread.user : thread.kernel;
  return entry.open && record.entered <= apart_until_ && entry.ip == record.ip &&
         SamePage(entry.address, record.address);
}

void FaultAssembler::OnFinished(Thread& thread, const Record& record) {
  if (record.entered != 0 && !IsTold(thread, record)) Enter(thread, record, record.entered);
  const Entry* const entry = record.stack_every != 0 ? EntryOf(thread, record) : nullptr;
  if (entry != nullptr) {
    // Each of the faults that it stands for may stand for others itself.
    Keep(thread, *entry, record, uint64_t{record.stack_every} * record.weight);
  }
  if (record.ending == kBpfSignal) return OnSignal(thread, record);
  if (record.ending != kBpfLeft) OnCompletion(thread, record, record.time);
}

void FaultAssembler::OnEnd(Thread& thread, uint64_t time) {
  DropKernelEntry(thread);
  LeaveUserEntry(thread, time);
}

void FaultAssembler::OnCounted(const Thread& thread, int64_t minor, uint64_t time) {
  counters_.minor += static_cast<uint64_t>(minor);
  RecordRow row = Row(RecordType::kCounted, thread, session_.Since(time));
  row.count = static_cast<uint64_t>(minor);
  mailbox_.Add(row);
}

void FaultAssembler::Fault(Thread& thread, const Entry* entry, const Ending& ending) {
  const uint64_t time = ending.time;
  FaultRow row;
  row.time = session_.Since(time);
  row.address = ending.address;
  row.pid = thread.pid;
  row.tid = thread.tid;
  row.flags = ending.flags;
  row.signal = ending.signal;
  row.weight = ending.weight;
  row.counted = ending.counted;
  if (entry != nullptr) {
    row.flags |= kFlagEntry | (entry->has_code ? kFlagErrorCode : 0);
    // A borrowed stamp may come from another clock: a difference to it would be a made-up number.
    // Of a retried fault nobody knows when it was interrupted.
    const bool known = (ending.flags & kFlagCompletion) != kFlagNone && !ending.borrowed &&
                       !entry->borrowed && !entry->retried;
    // Where the kernel joins the two, the entry's time is a number in the record.
    const uint64_t took = time - entry->time;
    const bool sane = time >= entry->time && took <= INT64_MAX;
    row.latency = known && sane ? static_cast<int64_t>(took) : -1;
    row.ip = entry->ip;
    row.error_code = entry->error_code;
  } else {
    row.latency = -1;
    row.ip = 0;
    row.error_code = 0;
  }
  if (entry == nullptr || thread.stack_entry != entry->time) {
    mailbox_.Add(row);
    return;
  }
  AddWithStack(thread, row);
}

void FaultAssembler::AddWithStack(Thread& thread, const FaultRow& row) {
  thread.stack_entry = 0;
  counters_.stacks++;
  RecordRow stack = Row(RecordType::kStack, thread, row.time);
  stack.count = thread.stack_weight;
  if (thread.stack_copied) {
    stack.type = RecordType::kStackCopy;
    mailbox_.AddWithCopy(row, stack, thread.stack);
    // Thousands of threads would keep what they need now and then.
    std::vector<uint64_t>().swap(thread.stack);
    return;
  }
  stack.name = reinterpret_cast<const char*>(thread.stack.data());
  stack.name_length = 8 * thread.stack.size();
  mailbox_.AddWithStack(row, stack);
}

void FaultAssembler::DropKernelEntry(Thread& thread) {
  if (!thread.kernel.open) return;
  thread.kernel.open = false;
  counters_.kernel_entries++;
}

void FaultAssembler::LeaveUserEntry(Thread& thread, uint64_t time) {
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
  if (!formats_.sees_signals()) {
    counters_.unresolved++;
    Fault(thread, &entry, {kFlagNone | kFlagInferred, entry.address, time});
    return;
  }
  counters_.interrupted++;
  if (thread.interrupted.size() == kInterruptedMax) {
    thread.interrupted.erase(thread.interrupted.begin());
  }
  thread.interrupted.push_back(entry);
}

bool FaultAssembler::TakeInterrupted(Thread& thread, const Entry& entry) {
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

}  // namespace pagefault
