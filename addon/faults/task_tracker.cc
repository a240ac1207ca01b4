#include "faults/task_tracker.h"

#include <sched.h>

#include <cstring>

namespace pagefault {

namespace {

// A thread that runs whenever it is looked at is not asked for ever.
constexpr uint8_t kStackLooks = 20;

}  // namespace

Thread* TaskTracker::Own(const Record& record) {
  Thread* thread = threads_.Find(record.tid);
  if (thread == nullptr) {
    // A thread whose FORK was lost is still known by its process, or by carrying our events at all.
    // Tasks outside of our pid namespace have tid 0, those already reaped -1.
    if (!Follows(record) || record.tid == 0 || record.tid > INT32_MAX) {
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

bool TaskTracker::Follows(const Record& record) const {
  if (record.root != 0 || record.listed || threads_.HasProcess(record.pid)) return true;
  return following_.everyone && following_.left_out.count(record.pid) == 0;
}

Thread* TaskTracker::Known(const Record& record) {
  Thread* thread = threads_.Find(record.tid);
  if (thread != nullptr) return thread;
  // Of a process that is met on the way not every thread has been.
  const bool met = following_.wide && record.pid != 0 && threads_.HasProcess(record.pid);
  if (met && record.tid <= INT32_MAX) return threads_.Add(record.pid, record.tid, 0);
  counters_.foreign++;
  return nullptr;
}

// Not a kernel thread: those are met when they fault for somebody, if ever. Tasks outside of our
// pid namespace have the number 0, those already reaped -1.
bool TaskTracker::IsOfUsers(const Record& record) {
  constexpr uint32_t kKthreadd = 2;  // kernel/kthread.c; where its number is another, it is 0
  const auto known = [](uint32_t number) { return number != 0 && number <= INT32_MAX; };
  return record.ppid != kKthreadd && known(record.ptid) && known(record.ppid) &&
         known(record.tid) && known(record.pid);
}

bool TaskTracker::IsNamed(const Record& record) const {
  const std::string& name = following_.name;
  return !name.empty() && record.tid == record.pid && record.name_length == name.size() &&
         memcmp(record.name, name.data(), name.size()) == 0;
}

bool TaskTracker::LeavesOut(const Record& record) {
  std::unordered_set<uint32_t>& left_out = following_.left_out;
  if (left_out.empty()) return false;
  if (record.kind == RecordKind::kExit) {
    if (record.tid == record.pid) left_out.erase(record.pid);
    return false;
  }
  const bool ours = left_out.count(record.ppid) != 0;
  if (ours) {
    left_out.insert(record.pid);
  } else {
    left_out.erase(record.pid);  // its number is another's now
  }
  return ours;
}

void TaskTracker::OnNewTask(const Record& record) {
  Thread* maker = Known(record);
  if (maker == nullptr) return;
  // Its FORK comes right before (copy_process in kernel/fork.c), from the same thread.
  const uint32_t child = std::exchange(maker->last_child, 0);
  const bool shares = (record.flags & CLONE_VM) != 0 && (record.flags & CLONE_THREAD) == 0;
  if (!shares || !threads_.HasProcess(child)) return;
  counters_.memory_sharers++;
  RecordRow row{RecordType::kShareSpace};
  row.time = session_.Since(record.time);
  row.pid = child;
  row.tid = child;
  row.parent_pid = maker->pid;
  mailbox_.Add(row);
}

void TaskTracker::OnThreadStart(const Record& record) {
  Thread* thread = Known(record);
  if (thread == nullptr) return;
  if (thread->stack_known) return;
  // The byte below: nothing has been pushed yet, and a stack that begins at the end of its mapping
  // has its pointer outside of it.
  if (record.stack_pointer != 0) ReportStack(*thread, record.stack_pointer - 1, record.time);
}

void TaskTracker::OnComm(const Record& record) {
  if (IsNamed(record) && threads_.Find(record.tid) == nullptr && record.pid != 0) {
    threads_.Add(record.pid, record.tid, record.root);
  }
  // Of a process that was there before only its name is recorded, and then its mappings.
  const bool met = following_.recorded && !threads_.HasProcess(record.pid);
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
  RecordRow row = Row(RecordType::kComm, record, session_.Since(record.time));
  row.flags = record.exec || met ? 1 : 0;
  row.name = record.name;
  row.name_length = record.name_length;
  mailbox_.Add(row);
}

void TaskTracker::OnFork(const Record& record) {
  Thread* parent = threads_.Find(record.ptid);
  if (following_.everyone) {
    if (LeavesOut(record) || !IsOfUsers(record)) return;
    // Before its first fault: what it does to the memory that they share is to be seen.
    if (parent == nullptr) parent = threads_.Add(record.ppid, record.ptid, 0);
  } else if (parent == nullptr
                 ? (following_.wide || record.root == 0) && !threads_.HasProcess(record.ppid)
                 : record.root != 0 && parent->root != 0 && parent->root != record.root) {
    counters_.foreign++;
    return;
  }
  if (record.pid != record.ppid && !following_.children) return;
  const uint32_t root = parent == nullptr ? record.root : parent->root;
  if (parent != nullptr && record.pid != record.ppid) parent->last_child = record.pid;
  // A thread that was born while its parent was being attached has events of its own: those are
  // whole, the ones it inherited may be a part.
  const Thread* known = threads_.Find(record.tid);
  if (known == nullptr || known->root != record.tid) threads_.Add(record.pid, record.tid, root);
  RecordRow row = Row(RecordType::kFork, record, session_.Since(record.time));
  row.parent_pid = record.ppid;
  row.parent_tid = record.ptid;
  mailbox_.Add(row);
}

void TaskTracker::OnExit(const Record& record) {
  LeavesOut(record);
  Thread* thread = threads_.Find(record.tid);
  if (thread == nullptr || (record.root != 0 && thread->root != 0 && thread->root != record.root)) {
    counters_.foreign++;
    return;
  }
  End(*thread, record.time);
}

void TaskTracker::End(Thread& thread, uint64_t time) {
  faults_.OnEnd(thread, time);
  const RecordRow row = Row(RecordType::kExit, thread, session_.Since(time));
  const bool suspect = thread.fresh_exec;
  threads_.Remove(row.tid);
  if (suspect && !threads_.HasProcess(row.pid)) suspects_.push_back(row.pid);
  mailbox_.Add(row);
}

void TaskTracker::Sweep(uint64_t time, bool (*gone)(int pid, int tid)) {
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

void TaskTracker::ReportStack(Thread& thread, uint64_t stack_pointer, uint64_t time) {
  thread.stack_known = true;
  RecordRow row = Row(RecordType::kStackPointer, thread, session_.Since(time));
  row.start = Pages(stack_pointer);
  mailbox_.Add(row);
}

std::vector<ThreadStack> TaskTracker::UnknownStacks() {
  std::vector<ThreadStack> unknown;
  threads_.ForEach([&](Thread& thread) {
    // The first thread's stack is a mapping that the kernel names.
    if (thread.stack_known || thread.tid == thread.pid || thread.stack_looks >= kStackLooks) return;
    thread.stack_looks++;
    unknown.push_back({thread.pid, thread.tid, 0});
  });
  return unknown;
}

void TaskTracker::OnStackPointers(uint64_t time, const std::vector<ThreadStack>& stacks) {
  for (const ThreadStack& stack : stacks) {
    Thread* thread = threads_.Find(stack.tid);
    // It may have ended since it was asked for, or been seen to start.
    if (thread == nullptr || thread->pid != stack.pid || thread->stack_known) continue;
    if (stack.pointer != 0) ReportStack(*thread, stack.pointer, time);
  }
}

std::vector<uint32_t> TaskTracker::TakeSuspects() {
  std::vector<uint32_t> suspects;
  suspects.swap(suspects_);
  return suspects;
}

}  // namespace pagefault
