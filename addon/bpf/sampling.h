// Which faults of those that are counted have a record. A part of faults.bpf.c.
#pragma once

// Of the minor faults of a CPU one in `every` is taken, whoever's it is: each is as likely to be.
// Returns for how many this one stands, 0 where it is passed by.
INLINE u32 Weigh(void) {
  u32 cpu = bpf_get_smp_processor_id();
  struct BpfCounters* own = bpf_map_lookup_elem(&counters, &cpu);
  const u64 every = state.every;
  if (own == NULL || every <= 1) return 1;
  // Where the distance has changed the way begins anew: each is as likely to be taken as before.
  if (own->until == 0 || own->weight != every) {
    own->weight = every;
    own->until = 1 + bpf_get_prandom_u32() % every;
  }
  if (--own->until != 0) return 0;
  // Varied, so as not to run in step with a loop: by an eighth up and down, or by half where an
  // eighth would be nothing.
  const u64 swing = every < 16 ? every / 2 : every / 8;
  own->until = every - swing + bpf_get_prandom_u32() % (2 * swing + 1);
  return every;
}

INLINE s64 Untold(const struct BpfTask* task, u64 key) {
  return MinorOf(task, key) - task->told - task->walked;
}

// A minor fault of a thread that is counted.
INLINE void Sample(void* context, struct BpfTask* task, u64 key, struct BpfFault* fault) {
  CountMinor(task, key);
  // Behind its end nobody would tell of what is passed by.
  fault->weight = task->ended ? 1 : Weigh();
  if (fault->weight == 0) return;
  const s64 untold = Untold(task, key);
  fault->counted = untold < 1 ? 1 : untold;
  if (Put(context, fault)) {
    task->told += fault->counted;
  } else {
    COUNT(lost_samples);
  }
}
