// Threads that are followed are born and end. A part of faults.bpf.c.
#pragma once

// Arguments: task, clone_flags (trace/events/task.h). It has not run yet.
SEC("raw_tp/task_newtask") int born(u64* arguments) {
  const u64 kCloneThread = 0x10000;
  u64 key = bpf_get_current_task();
  u64 child = arguments[0];
  // What is kept of a task that lay there before: not each that is freed is told (seen on 6.18).
  DropTask(child);
  if (settings.scope != kBpfListed) {
    // It may have faults that no program sees.
    if (settings.budget && InCgroup()) Keep(child, 0);
    return 0;
  }
  const struct BpfTask* parent = FindTask(key);
  if (parent == NULL) return 0;
  if (!settings.children && (arguments[1] & kCloneThread) == 0) return 0;
  Keep(child, parent->asleep);
  return 0;
}

// What each end has to tell where the ring of its CPU has no room. It is none of a CPU's own: many
// may end together.
struct {
  MAP_NUMBER(type, BPF_MAP_TYPE_RINGBUF);
  MAP_NUMBER(max_entries, kBpfEndedBytes);
} ended SEC(".maps");

// The reader looks there whenever it reads: it is awake where rings are full.
INLINE void TellBeside(struct BpfTask* task, const struct BpfFault* rest) {
  struct BpfEnded told = {.count = {.pid = rest->pid, .tid = rest->tid, .minor = rest->counted},
                          .time = rest->time};
  if (bpf_ringbuf_output(&ended, &told, sizeof told, BPF_RB_NO_WAKEUP) == 0) {
    task->told += rest->counted;
  } else if (rest->counted > 0) {
    ADD(lost_minor, rest->counted);
  }
}

// Argument: task, which is the current one (trace/events/sched.h).
SEC("raw_tp/sched_process_exit") int end(u64* arguments) {
  u64 key = bpf_get_current_task();
  struct BpfTask* task = FindTask(key);
  if (task == NULL) return 0;
  if (task->user.open && InCgroup()) Leave(arguments, task);
  task->user.open = 0;
  if (!settings.sampled || state.frozen) return 0;
  task->ended = 1;
  AddRan(task, key);
  SumUpEnded(task, key);
  const s64 untold = Untold(task, key);
  if (untold == 0) return 0;
  u64 numbers = bpf_get_current_pid_tgid();
  struct BpfFault rest = {
      .ending = kBpfCounted, .pid = numbers >> 32, .tid = numbers, .counted = untold};
  if (Put(arguments, &rest)) {
    task->told += untold;
  } else {
    TellBeside(task, &rest);
  }
  return 0;
}

// Argument: task, whose memory is another's from now on.
SEC("raw_tp/sched_process_free") int forget(u64* arguments) {
  u64 key = arguments[0];
  DropTask(key);
  return 0;
}
