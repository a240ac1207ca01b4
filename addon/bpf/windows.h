// With a budget: how many minor faults a thread has, while programs count each of them, and while
// they are called in windows only. A part of faults.bpf.c.
#pragma once

// Minor faults that the kernel has counted of a thread. It counts some that no event tells: those
// of who reaches into memory without an access (get_user_pages).
INLINE u64 KernelCountOf(u64 key) {
  const struct task_struct* task = (const struct task_struct*)key;
  u64 count = 0;
  bpf_probe_read_kernel(&count, sizeof count, &task->min_flt);
  return count;
}

// Programs have not seen all that it has: there are windows, or it has completed nothing since
// there were.
INLINE int ByKernel(const struct BpfTask* task) {
  return settings.budget && !task->asleep && (state.windows || task->switched != state.switched);
}

INLINE u64 MinorOf(const struct BpfTask* task, u64 key) {
  return ByKernel(task) ? KernelCountOf(key) - task->beside : task->minor;
}

// The current thread has completed one more, which the kernel has counted right before.
INLINE void CountMinor(struct BpfTask* task, u64 key) {
  if (!settings.budget) {
    task->minor++;
  } else if (ByKernel(task)) {
    task->minor = KernelCountOf(key) - task->beside;
    task->switched = state.switched;
  } else {
    task->minor++;
    task->beside = KernelCountOf(key) - task->minor;
  }
}

// What it has had since it was summed up last.
INLINE u64 SumUp(struct BpfTask* task, u64 key) {
  const u64 minor = MinorOf(task, key);
  const u64 more = minor - task->summed;
  task->summed = minor;
  return more;
}

INLINE void SumUpEnded(struct BpfTask* task, u64 key) {
  u32 cpu = bpf_get_smp_processor_id();
  struct BpfCounters* own = bpf_map_lookup_elem(&counters, &cpu);
  if (settings.budget && own != NULL) own->ended_minor += SumUp(task, key);
}

// Between windows minor faults are none of ours, though an event may still be on.
INLINE int Outside(u8 ending) {
  return state.windows && ending == kBpfMinor && bpf_ktime_get_ns() >= state.until;
}

// It has been entered, and what came of it since is known.
INLINE int Seen(const struct BpfEntry* entry) {
  return entry->open && entry->time >= state.opened;
}

// Of the current thread, which is sent a signal for an access, but no entry tells which: what the
// kernel's siginfo tells. Returns whether it is of one: SEGV_MAPERR, SEGV_ACCERR, SEGV_PKUERR,
// BUS_ADRERR, BUS_MCEERR_AR (include/uapi/asm-generic/siginfo.h).
INLINE int TakeFromSignal(struct BpfFault* fault, u64 info) {
  const u32 code = fault->signal_code;
  if (code != 2 && code != 4 && (fault->bus || code != 1)) return 0;
  // Behind signal, error and code, and what fills these up.
  bpf_probe_read_kernel(&fault->address, sizeof fault->address, (void*)(info + 16));
  const u64 numbers = bpf_get_current_pid_tgid();
  fault->pid = numbers >> 32;
  fault->tid = numbers;
  return 1;
}
