// The threads that are followed: who they are, whose events they carry, and the fault each is in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace pagefault {

// An entry record that waits for its completion.
struct Entry {
  bool open = false;
  bool has_code = false;
  bool borrowed = false;  // another perf session's time stamp
  bool tainted = false;   // records were lost since: its completion may be among them
  bool retried = false;   // a signal had interrupted the same access before
  uint16_t error_code = 0;
  uint64_t address = 0;
  uint64_t ip = 0;
  uint64_t time = 0;
  // An instruction fetch from the vsyscall page, which the kernel emulates. The page lies at the
  // same address in every process (VSYSCALL_ADDR, arch/x86/include/uapi/asm/vsyscall.h).
  bool vsyscall() const { return ip == address && ip >> 12 == kVsyscallPage; }

 private:
  static constexpr uint64_t kVsyscallPage = 0xffffffffff600;
};

// What a system call that maps memory is to be found from (wire/stack_copies.h), until its exit.
struct MakerCopy {
  uint8_t exit = 0;  // kind of that, 0: none
  uint64_t result = 0;
  std::vector<uint64_t> words;
};

struct Thread {
  uint32_t tid = 0;
  uint32_t pid = 0;
  // Thread from whose descriptors this one's events descend; a record with another root is a second
  // copy (a thread born of an opened thread just before it was opened itself). 0: not known yet.
  uint32_t root = 0;
  Entry user, kernel;
  // The call chain of the fault that was entered at `stack_entry`, or what it is to be found from
  // (wire/stack_copies.h); it stands for stack_weight faults.
  std::vector<uint64_t> stack;
  bool stack_copied = false;
  uint64_t stack_entry = 0;  // 0: none
  uint64_t stack_weight = 0;
  // User entries that a signal interrupted (a stop, a handler), the newest last: what is retried of
  // them is the same fault.
  std::vector<Entry> interrupted;
  uint32_t last_child = 0;   // process that it made last, until task_newtask tells how
  uint64_t completed = 0;    // stamp of the last completion, whosever clock it is of
  bool stack_known = false;  // its stack pointer was reported, or is not wanted
  uint8_t stack_looks = 0;   // how often it was asked for
  bool gone = false;         // found to be gone by TaskTracker::Sweep, its EXIT not seen yet
  bool fresh_exec = false;   // an exec was seen and no mapping since
  // The system call this thread is in: arguments of munmap or mremap, kind 0 = none.
  uint8_t syscall = 0;
  uint64_t syscall_time = 0;
  // The mapping it was last reported to have made, and that no system call has been told to have.
  uint64_t mapped_start = 0, mapped_end = 0;
  uint64_t argument[5] = {};
  MakerCopy maker;
};

struct ThreadStack {
  uint32_t pid, tid;
  uint64_t pointer;  // 0: not known
};

class ThreadTable {
 public:
  // nullptr when tid is not followed. Pointers are valid until the next Add or Remove.
  Thread* Find(uint32_t tid) {
    const uint32_t slot = cache_[tid % kCache];
    // A free slot has tid 0, and records of tasks outside of our pid namespace carry it.
    if (slot < threads_.size() && threads_[slot].tid == tid && tid != 0) return &threads_[slot];
    return FindSlow(tid);
  }
  Thread* Add(uint32_t pid, uint32_t tid, uint32_t root);
  void Remove(uint32_t tid);
  bool HasProcess(uint32_t pid) const { return processes_.count(pid) != 0; }
  // Threads of a process, 0 when it is not followed.
  uint32_t ProcessThreads(uint32_t pid) const;
  size_t size() const { return index_.size(); }
  bool ever_used() const { return ever_used_; }

  template <typename F>
  void ForEach(F&& f) {
    for (Thread& thread : threads_) {
      if (thread.tid != 0) f(thread);
    }
  }

 private:
  static constexpr uint32_t kCache = 1024;
  Thread* FindSlow(uint32_t tid);

  std::vector<Thread> threads_;  // tid 0 = free
  std::vector<uint32_t> free_;
  std::unordered_map<uint32_t, uint32_t> index_;      // tid -> slot
  std::unordered_map<uint32_t, uint32_t> processes_;  // pid -> threads
  uint32_t cache_[kCache] = {};
  bool ever_used_ = false;
};

}  // namespace pagefault
