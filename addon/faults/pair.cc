#include "faults/pair.h"

#include "bpf/fault_record.h"

namespace pagefault {

void Pairer::Consume(const RawRecord& raw, uint64_t now) {
  Record record;
  if (!Decode(raw, formats_, &record)) {
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
      if (Thread* thread = tasks_.Own(record)) faults_.OnEntry(*thread, record);
      return;
    case RecordKind::kFinished:
      return OnFinished(&record);
    case RecordKind::kStack:
    case RecordKind::kStackCopy:
      if (record.borrowed) record.time = now;
      return OnStack(record);
    case RecordKind::kSyscall:
      if (Thread* thread = tasks_.Known(record)) syscalls_.OnSyscall(*thread, record);
      return;
    case RecordKind::kMakerCopy:
      // Those of other processes count: they cost what ours do.
      maker_periods_.Take(record.time);
      if (Thread* thread = tasks_.Known(record)) syscalls_.OnCopy(*thread, record);
      return;
    case RecordKind::kSignal:
      if (Thread* thread = tasks_.Known(record)) faults_.OnSignal(*thread, record);
      return;
    case RecordKind::kNewTask:
      return tasks_.OnNewTask(record);
    case RecordKind::kTaskEnd:
      // A process is told of as its first thread ends.
      if (record.tid != record.pid || tasks_.threads().Find(record.tid) == nullptr) return;
      return OnCgroup(record);
    case RecordKind::kCgroup:
      return OnCgroup(record);
    case RecordKind::kThreadStart:
      return tasks_.OnThreadStart(record);
    case RecordKind::kMmap:
      return OnMmap(record);
    case RecordKind::kComm:
      return tasks_.OnComm(record);
    case RecordKind::kFork:
      if (raw.event->kind != EventKind::kTasks) tasks_.OnFork(record);
      return;
    case RecordKind::kExit:
      if (raw.event->kind != EventKind::kTasks) OnExit(record);
      return;
    case RecordKind::kLost:
      // These have rings of their own, in which nothing else is lost.
      if (IsCopy(raw.event->kind)) return OnLostStacks(record, IsOfMakers(raw.event->kind));
      return OnLost(record);
    case RecordKind::kIgnored:
      return;
  }
}

void Pairer::OnCounted(uint32_t pid, uint32_t tid, int64_t minor, bool listed, uint64_t time) {
  Record record = {};
  record.kind = RecordKind::kFinished;
  record.pid = pid;
  record.tid = tid;
  record.listed = listed;
  record.counted = minor;
  record.time = time;
  OnCounted(record);
}

void Pairer::OnEnded(const BpfEnded& ended, bool listed) {
  // Of two that had the number one after the other the first one's EXIT was lost.
  const auto [at, added] = ended_.try_emplace(ended.count.tid, Ended{ended, listed});
  if (added) return;
  Tell(at->second);
  at->second = {ended, listed};
}

void Pairer::Tell(const Ended& told) {
  const auto& [count, time] = told.ended;
  OnCounted(count.pid, count.tid, count.minor, told.listed, time);
}

void Pairer::TellEnded(uint64_t time) {
  for (auto at = ended_.begin(); at != ended_.end();) {
    if (at->second.ended.time >= time) {
      ++at;
      continue;
    }
    Tell(at->second);
    at = ended_.erase(at);
  }
}

void Pairer::OnExit(const Record& record) {
  const auto at = ended_.find(record.tid);
  if (at != ended_.end() && at->second.ended.time <= record.time) {
    Tell(at->second);
    ended_.erase(at);
  }
  tasks_.OnExit(record);
}

void Pairer::LookAhead(const RawRecord& raw, uint64_t since) {
  Record record;
  if (!IsFinished(raw.event->kind) || !Decode(raw, formats_, &record)) return;
  if (record.ending == kBpfMinor && record.time >= since && tasks_.Owns(record))
    window_.Look(record.weight, record.counted);
}

void Pairer::OnCounted(const Record& record) {
  if (const Thread* thread = tasks_.Own(record)) {
    window_.Owe(record.counted);
    faults_.OnCounted(*thread, record.counted, record.time);
  } else if (tasks_.everyone()) {
    counters_.left_out_minor += static_cast<uint64_t>(record.counted);
  }
}

void Pairer::OnFinished(Record* record) {
  if (record->ending == kBpfCounted) return OnCounted(*record);
  if (record->stack_every != 0) stack_periods_.Take(record->time);
  // What is left may be told of a thread that has ended for us (an exec that changed credentials).
  const bool left = record->ending == kBpfLeft;
  const bool minor = record->ending == kBpfMinor;
  Thread* thread = left ? tasks_.threads().Find(record->tid) : tasks_.Own(*record);
  if (thread != nullptr) {
    if (minor) record->weight = window_.Take(record->time, record->weight, record->counted);
    return faults_.OnFinished(*thread, *record);
  }
  if (!tasks_.everyone()) return;
  if (record->ending == kBpfMajor) counters_.left_out_major++;
  if (minor) counters_.left_out_minor += static_cast<uint64_t>(record->counted);
}

void Pairer::OnCompletion(const Record& record, uint64_t stamp) {
  if (Thread* thread = tasks_.Own(record)) {
    if (record.chain_size > 0) faults_.OnStack(*thread, record, 1);
    return faults_.OnCompletion(*thread, record, stamp);
  }
  const bool major = record.event == EventKind::kMajor;
  if (record.root != 0) {
    (major ? counters_.duplicate_major : counters_.duplicate_minor)++;
  } else if (tasks_.everyone()) {
    (major ? counters_.left_out_major : counters_.left_out_minor)++;
  }
}

void Pairer::OnStack(const Record& record) {
  // Those of other processes count: they cost what ours do.
  const uint32_t weight = stack_periods_.Take(record.time);
  // An event for all threads of a CPU finds those that are not followed too.
  Thread* thread = record.root == 0 ? tasks_.threads().Find(record.tid) : tasks_.Own(record);
  if (thread != nullptr) faults_.OnStack(*thread, record, weight);
}

void Pairer::OnMmap(const Record& record) {
  Thread* thread = tasks_.reads_maps() ? tasks_.Known(record) : tasks_.Own(record);
  if (thread == nullptr) return;
  thread->fresh_exec = false;
  thread->mapped_start = record.address;
  thread->mapped_end = record.address + record.length;
  RecordRow row = Row(RecordType::kMmap, record, session_.Since(record.time));
  row.start = Pages(record.address);
  row.end = PagesUp(record.address + record.length);
  row.pgoff = Pages(record.pgoff);
  row.prot = record.prot;
  row.flags = record.flags;
  row.dev_major = record.dev_major;
  row.dev_minor = record.dev_minor;
  row.ino = record.ino;
  row.name = record.name;
  row.name_length = record.name_length;
  mailbox_.Add(row);
}

void Pairer::OnCgroup(const Record& record) {
  RecordRow row = Row(RecordType::kCgroup, record, session_.Since(record.time));
  row.ino = record.cgroup;
  row.name = record.name;
  row.name_length = record.name_length;
  mailbox_.Add(row);
}

void Pairer::OnLost(const Record& record) {
  counters_.lost_records += record.lost;
  tasks_.threads().ForEach([](Thread& thread) {
    thread.user.tainted = true;
    thread.kernel.tainted = true;
    thread.syscall = 0;
  });
  RecordRow row{RecordType::kLost};
  row.time = session_.Since(record.time);
  row.count = record.lost;
  mailbox_.Add(row);
}

void Pairer::OnLostStacks(const Record& record, bool of_makers) {
  counters_.lost_stacks += record.lost;
  // They have cost the target as much as those that came. Of which event they were is not told;
  // that one tells of them that comes first when there is room again, which is the more often it
  // the more records it makes.
  (of_makers ? maker_periods_ : stack_periods_).TakeLost(record.time, record.lost);
}

void Pairer::DoubtMaps(uint64_t time) {
  RecordRow row{RecordType::kLost};
  row.time = session_.Since(time);
  mailbox_.Add(row);
}

}  // namespace pagefault
