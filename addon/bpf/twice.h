// A fault that is completed twice: a thread that was born while its parent was being attached to
// may carry events of two descriptors. A part of faults.bpf.c.
#pragma once

// Programs have seen its entry: what is completed next without one is the same fault.
enum { kEntered = 0 };

// Of a completion whose entry no program has seen: what the kernel has counted of the thread, which
// it does right before it calls the programs, once for all of them. Never kEntered.
INLINE u64 CountedBefore(u64 key, u8 ending) {
  const struct task_struct* task = (const struct task_struct*)key;
  u64 count = 0;
  const void* const place = ending == kBpfMajor ? &task->maj_flt : &task->min_flt;
  bpf_probe_read_kernel(&count, sizeof count, place);
  return count << 1 | (ending == kBpfMajor);
}

// No entry is known of this completion.
INLINE int IsTwice(const struct BpfTask* task, u64 key, const struct BpfFault* fault) {
  if (task->completed == 0 || !SamePage(task->completed, fault->address)) return 0;
  if (!settings.apart) return 1;
  // Programs of one mode may be there before those of the other.
  if (task->in_user != fault->user_mode) return 0;
  return task->mark == kEntered || task->mark == CountedBefore(key, fault->ending);
}

INLINE void NoteCompleted(struct BpfTask* task, u64 key, const struct BpfFault* fault) {
  task->completed = fault->address;
  if (!settings.apart) return;
  task->in_user = fault->user_mode;
  task->mark = fault->entered != 0 ? kEntered : CountedBefore(key, fault->ending);
}
