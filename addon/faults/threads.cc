#include "faults/threads.h"

namespace pagefault {

Thread* ThreadTable::FindSlow(uint32_t tid) {
  if (tid == 0) return nullptr;
  const auto found = index_.find(tid);
  if (found == index_.end()) return nullptr;
  cache_[tid % kCache] = found->second;
  return &threads_[found->second];
}

Thread* ThreadTable::Add(uint32_t pid, uint32_t tid, uint32_t root) {
  if (tid == 0) return nullptr;
  Remove(tid);  // a tid that is born again: its EXIT was lost
  uint32_t slot;
  if (free_.empty()) {
    slot = static_cast<uint32_t>(threads_.size());
    threads_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
    threads_[slot] = Thread();
  }
  Thread& thread = threads_[slot];
  thread.tid = tid;
  thread.pid = pid;
  thread.root = root;
  index_[tid] = slot;
  processes_[pid]++;
  ever_used_ = true;
  return &thread;
}

void ThreadTable::Remove(uint32_t tid) {
  const auto found = index_.find(tid);
  if (found == index_.end()) return;
  Thread& thread = threads_[found->second];
  const auto process = processes_.find(thread.pid);
  if (process != processes_.end() && --process->second == 0) processes_.erase(process);
  thread.tid = 0;
  free_.push_back(found->second);
  index_.erase(found);
}

uint32_t ThreadTable::ProcessThreads(uint32_t pid) const {
  const auto found = processes_.find(pid);
  return found == processes_.end() ? 0 : found->second;
}

}  // namespace pagefault
