// Walks through all threads that there are: to list who is followed, and to hand out what is kept
// of them. A part of faults.bpf.c, whose maps and functions these programs use.
#pragma once

// Its task_struct: spent.h.
struct bpf_iter_meta {
  struct seq_file* seq;
} __attribute__((preserve_access_index));

// A pointer as a number: the verifier lets nothing be computed with those that it knows.
INLINE u64 AddressIn(const void* place) {
  u64 address = 0;
  bpf_probe_read_kernel(&address, sizeof address, place);
  return address;
}

// Walks through all threads that there are. Context: meta data, task.
SEC("iter/task") int list(u64* context) {
  struct task_struct* task = (struct task_struct*)context[1];
  if (task == NULL) return 0;
  // The walk holds it, though it may have been freed for everybody else, and forgotten here. One
  // that has not yet exited is freed when this program is over (RCU), and forgotten then.
  if (task->exit_state != 0) return 0;
  const u64 key = AddressIn(&context[1]);
  if (FindTask(key) != NULL) return 0;
  u32 pid = task->tgid;
  if (pid == settings.self) return 0;
  // With a budget, of whom no program may be told before a window.
  if (settings.scope != kBpfEveryone && bpf_map_lookup_elem(&listed, &pid) == NULL) {
    if (!settings.children || settings.scope != kBpfListed) return 0;
    if (FindTask(AddressIn(&task->real_parent)) == NULL) return 0;
  }
  if (Keep(key, settings.on_exec) != NULL) state.added++;
  return 0;
}

// Hands out what is kept of those that are in a user fault. Other than a call of bpf(2) on the map
// it keeps no program from running meanwhile (bpf_prog_active). What finds no room in the reader's
// buffer is handed out once more.
SEC("iter/task") int open(u64* context) {
  const struct bpf_iter_meta* meta = (const struct bpf_iter_meta*)context[0];
  const u64 key = AddressIn(&context[1]);
  if (key == 0) return 0;
  const struct BpfTask* task = FindTask(key);
  if (task == NULL || task->asleep || !Waits(&task->user)) return 0;
  bpf_seq_write(meta->seq, task, sizeof *task);
  return 0;
}

// Hands out what has been counted of threads and not told.
SEC("iter/task") int counts(u64* context) {
  const struct bpf_iter_meta* meta = (const struct bpf_iter_meta*)context[0];
  const struct task_struct* task = (const struct task_struct*)context[1];
  if (task == NULL) return 0;
  const u64 key = AddressIn(&context[1]);
  struct BpfTask* kept = FindTask(key);
  if (kept == NULL || kept->kept >= state.walk_before) return 0;
  AddRan(kept, key);
  // Who has ended has been summed up.
  if (settings.budget && !kept->ended) state.walked_minor += SumUp(kept, key);
  const struct BpfCount count = {.pid = task->tgid, .tid = task->pid, .minor = Untold(kept, key)};
  if (count.minor == 0) return 0;
  kept->walked += count.minor;
  // Without room: it is visited once more.
  if (bpf_seq_write(meta->seq, &count, sizeof count) != 0) kept->walked -= count.minor;
  return 0;
}
