// What capture costs, and of what CPU time that is a share: measured where there is a budget. A
// part of faults.bpf.c.
#pragma once

// Of the kernel's own what is read here and in walks.h, wherever it lies there: libbpf looks that
// up in its BTF.
struct sched_entity {
  u64 sum_exec_runtime;
} __attribute__((preserve_access_index));
struct task_struct {
  s32 pid;
  s32 tgid;
  s32 exit_state;
  struct task_struct* real_parent;
  u64 min_flt;
  u64 maj_flt;
  struct sched_entity se;
} __attribute__((preserve_access_index));

// CPU time of a thread up to the last time that the kernel looked (a tick, a switch), ns.
INLINE u64 RanOf(u64 key) {
  const struct task_struct* task = (const struct task_struct*)key;
  u64 ran = 0;
  bpf_probe_read_kernel(&ran, sizeof ran, &task->se.sum_exec_runtime);
  return ran;
}

// Adds what it has run since it was looked at last.
INLINE void AddRan(struct BpfTask* task, u64 key) {
  if (!settings.budget) return;
  const u64 ran = RanOf(key);
  __sync_fetch_and_add((u64*)&state.ran, ran - task->ran);
  task->ran = ran;
}

// Interrupted or held up: no time of ours, ns.
enum { kInterrupted = 100000 };
// One run in so many is timed. Entries and completions come in turn: an odd number times both.
enum { kTimedEvery = 63 };

INLINE struct BpfCounters* OwnCounters(void) {
  u32 cpu = bpf_get_smp_processor_id();
  return settings.budget ? bpf_map_lookup_elem(&counters, &cpu) : NULL;
}

// A record has been put into a ring, from `begin` on.
INLINE void CountPut(u64 begin) {
  struct BpfCounters* own = OwnCounters();
  if (own == NULL) return;
  const u64 took = bpf_ktime_get_ns() - begin;
  own->captured++;
  if (took < kInterrupted) own->put_ns += took;
}

struct Timing {
  u64 begin;  // 0: this run is not timed
  u64 put_ns;
};

INLINE struct Timing BeginRun(void) {
  struct Timing timing = {};
  struct BpfCounters* own = OwnCounters();
  if (own == NULL || own->turn++ % kTimedEvery != 0) return timing;
  timing.begin = bpf_ktime_get_ns();
  timing.put_ns = own->put_ns;
  return timing;
}

INLINE void EndRun(const struct Timing* timing, u32 run) {
  struct BpfCounters* own = OwnCounters();
  if (own == NULL) return;
  if (run == kBpfCompletion) own->counted++;
  if (timing->begin == 0) return;
  const u64 took = bpf_ktime_get_ns() - timing->begin - (own->put_ns - timing->put_ns);
  if (took >= kInterrupted) return;
  own->timed[run]++;
  own->timed_ns[run] += took;
}
