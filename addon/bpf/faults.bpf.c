// Joins entry and completion of a fault in the kernel, and writes one record for both into the perf
// ring of the CPU. What is followed, and which records there are: fault_record.h.
//
// Programs are set on tracepoints as raw ones (BPF_RAW_TRACEPOINT_OPEN) and on descriptors of
// software events (PERF_EVENT_IOC_SET_BPF). Neither is felt by other perf sessions, as a program on
// the descriptor of a tracepoint would be.
#include "fault_record.h"
#include "kernel.h"

const volatile struct BpfSettings settings = {};
volatile struct BpfState state = {};

// Processes that are to be followed.
struct {
  MAP_NUMBER(type, BPF_MAP_TYPE_HASH);
  MAP_NUMBER(max_entries, 65536);
  MAP_TYPE(key, u32);
  MAP_TYPE(value, u8);
} listed SEC(".maps");

struct {
  MAP_NUMBER(type, BPF_MAP_TYPE_CGROUP_ARRAY);
  MAP_NUMBER(max_entries, 1);
  MAP_NUMBER(key_size, 4);
  MAP_NUMBER(value_size, 4);
} cgroup SEC(".maps");

// The event of each CPU that stands for its ring.
struct {
  MAP_NUMBER(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
  MAP_NUMBER(max_entries, 1);
  MAP_NUMBER(key_size, 4);
  MAP_NUMBER(value_size, 4);
} rings SEC(".maps");

// The same for records with stacks.
struct {
  MAP_NUMBER(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
  MAP_NUMBER(max_entries, 1);
  MAP_NUMBER(key_size, 4);
  MAP_NUMBER(value_size, 4);
} stack_rings SEC(".maps");

struct {
  MAP_NUMBER(type, BPF_MAP_TYPE_ARRAY);
  MAP_NUMBER(map_flags, BPF_F_MMAPABLE);
  MAP_NUMBER(max_entries, 1);
  MAP_TYPE(key, u32);
  MAP_TYPE(value, struct BpfCounters);
} counters SEC(".maps");

#include "shared_ring.h"
#include "tasks.h"

#define ADD(name, more)                                                 \
  do {                                                                  \
    u32 cpu = bpf_get_smp_processor_id();                               \
    struct BpfCounters* counted = bpf_map_lookup_elem(&counters, &cpu); \
    if (counted != NULL) counted->name += (more);                       \
  } while (0)
#define COUNT(name) ADD(name, 1)

#include "spent.h"
#include "windows.h"

// A thread that ends a fault on one page has entered it there.
INLINE int SamePage(u64 a, u64 b) {
  return (a ^ b) >> 12 == 0;
}

// With every so manyth record of a CPU there is a stack, whosever it is. Returns for how many it
// stands, 0 where there is none.
INLINE u32 WeighStack(void) {
  u32 cpu = bpf_get_smp_processor_id();
  struct BpfCounters* own = bpf_map_lookup_elem(&counters, &cpu);
  const u64 every = state.stack_every;
  if (own == NULL || every == 0 || ++own->unstacked < every) return 0;
  const u32 stands = own->unstacked;
  own->unstacked = 0;
  return stands;
}

// A record with the stack of the current thread, which the kernel adds to it. Returns whether there
// is to be no other of this fault, and whether it has found room.
INLINE int PutWithStack(void* context, struct BpfFault* fault, int* found) {
  if (settings.stacks == kBpfNoStacks || fault->ending > kBpfSignal) return 0;
  fault->stack_every = WeighStack();
  if (fault->stack_every == 0) return 0;
  *found =
      bpf_perf_event_output(context, &stack_rings, BPF_F_CURRENT_CPU, fault, kBpfStackBytes) == 0;
  if (settings.stacks == kBpfChains || *found) return 1;
  COUNT(lost_stacks);
  return 0;
}

// Returns whether it has found room. The memory that is shared is for programs of completions
// alone: one of them at a time is at work on a CPU, which none leaves before its end
// (bpf_overflow_handler).
INLINE int Put(void* context, struct BpfFault* fault) {
  int found = 0;
  fault->listed = settings.scope == kBpfListed;
  fault->time = bpf_ktime_get_ns();
  const int completed = fault->ending <= kBpfMajor;
  if (!PutWithStack(context, fault, &found) && !(completed && PutShared(fault, &found))) {
    const u64 bytes = settings.sampled ? kBpfSampleBytes : kBpfFaultBytes;
    found = bpf_perf_event_output(context, &rings, BPF_F_CURRENT_CPU, fault, bytes) == 0;
  }
  CountPut(fault->time);
  return found;
}

INLINE void Emit(void* context, struct BpfFault* fault) {
  fault->weight = 1;
  fault->counted = 1;
  if (Put(context, fault)) return;
  if (fault->ending == kBpfMinor) {
    COUNT(lost_minor);
  } else if (fault->ending == kBpfMajor) {
    COUNT(lost_major);
  } else if (fault->ending == kBpfSignal) {
    COUNT(lost_errors);
  }
}

INLINE void Take(struct BpfFault* fault, const struct BpfTask* task, const struct BpfEntry* entry) {
  fault->entered = entry->time;
  fault->address = entry->address;
  fault->ip = entry->ip;
  fault->error_code = entry->error_code;
  fault->pid = task->pid;
  fault->tid = task->tid;
}

// It is known that nothing has completed it.
INLINE int Waits(const struct BpfEntry* entry) {
  return entry->open && state.since != 0 && entry->time >= state.since;
}

// The open user entry has come to nothing. More of them than are ever interrupted by one another
// are those of a thread whose events the kernel has taken away (an exec that changed credentials).
INLINE void Leave(void* context, struct BpfTask* task) {
  if (task->asleep || task->left >= 8 || !Waits(&task->user)) return;
  task->left++;
  struct BpfFault fault = {.ending = kBpfLeft, .user_mode = 1};
  Take(&fault, task, &task->user);
  Emit(context, &fault);
}

INLINE struct BpfTask* Keep(u64 key, u8 asleep) {
  struct BpfTask task = {.asleep = asleep, .kept = bpf_ktime_get_ns()};
  if (settings.budget) {
    task.ran = RanOf(key);
    task.beside = KernelCountOf(key);
    task.switched = state.switched;
  }
  struct BpfTask* kept = AddTask(key, &task);
  if (kept == NULL) COUNT(not_kept);
  return kept;
}

// The current thread runs in the cgroup now, as its events ask before they count a fault. One that
// has moved out has what is kept of it still.
INLINE int InCgroup(void) {
  return settings.scope != kBpfCgroup || bpf_current_task_under_cgroup(&cgroup, 0) == 1;
}

INLINE void DropKernel(struct BpfTask* task) {
  if (Waits(&task->kernel)) COUNT(kernel_entries);
  task->kernel.open = 0;
}

INLINE void DropOuter(struct BpfTask* task) {
  if (Waits(&task->outer)) COUNT(kernel_entries);
  task->outer.open = 0;
}

// Arguments: address, registers, error code (asm/trace/exceptions.h). Returns whether it is of
// someone who is followed.
INLINE int TakeIn(u64* arguments) {
  if (state.ended) return 0;
  u64 key = bpf_get_current_task();
  struct BpfTask* task = FindTask(key);
  if (!InCgroup()) {
    // What it entered before it moved out is completed unseen.
    if (task != NULL) task->user.open = task->kernel.open = task->outer.open = 0;
    return 0;
  }
  if (task == NULL && settings.scope != kBpfListed) task = Keep(key, 0);
  if (task == NULL) return 0;
  const u32 depth = arguments[1];
  // pt_regs: asm/ptrace.h of x86-64.
  struct {
    u64 ip, cs;
  } code;
  bpf_probe_read_kernel(&code, sizeof code, (void*)(arguments[1] + 16 * 8));
  const int user = (code.cs & 3) != 0;
  if (user) {
    DropKernel(task);
    DropOuter(task);
  } else {
    if (task->outer.depth <= depth) DropOuter(task);
    if (task->outer.open || task->kernel.depth <= depth) {
      DropKernel(task);
    } else {
      task->outer = task->kernel;
    }
  }
  if (user && task->user.open) Leave(arguments, task);
  struct BpfEntry* entry = user ? &task->user : &task->kernel;
  u64 numbers = bpf_get_current_pid_tgid();
  task->pid = numbers >> 32;
  task->tid = numbers;
  task->completed = 0;
  entry->address = arguments[0];
  entry->error_code = arguments[2];
  entry->depth = depth;
  entry->ip = code.ip;
  entry->time = bpf_ktime_get_ns();
  // The kernel answers these at the entry: addon/faults/threads.h.
  const int vsyscall = user && entry->ip == entry->address && entry->ip >> 12 == 0xffffffffff600;
  entry->open = !vsyscall;
  if (vsyscall && !task->asleep && state.since != 0) COUNT(vsyscalls);
  return 1;
}

// Of page_fault_user and page_fault_kernel.
SEC("raw_tp") int enter(u64* arguments) {
  const struct Timing timing = BeginRun();
  if (TakeIn(arguments)) EndRun(&timing, kBpfEntry);
  return 0;
}

// bpf_perf_event_data of x86-64.
struct Completion {
  u64 before_ip[16];
  u64 ip, cs, flags, sp, ss;
  u64 period;
  u64 address;
};

#include "sampling.h"
#include "twice.h"

// Returns whether it is of someone who is followed.
INLINE int Complete(struct Completion* context, u8 ending) {
  u64 key = bpf_get_current_task();
  u64 address = context->address;
  struct BpfFault fault = {
      .ending = ending, .address = address, .user_mode = (context->cs & 3) != 0};
  struct BpfTask* task = FindTask(key);
  if (Outside(ending)) return 0;
  if (task == NULL && settings.scope == kBpfListed && (state.wide || state.windows)) return 0;
  if (task == NULL && state.windows) {
    task = Keep(key, 0);
    // This one is counted already.
    if (task != NULL && ending == kBpfMinor) task->beside--;
  }
  if (task != NULL && Seen(&task->kernel) && SamePage(task->kernel.address, address)) {
    Take(&fault, task, &task->kernel);
    task->kernel.open = 0;
    DropOuter(task);
  } else if (task != NULL && Seen(&task->outer) && SamePage(task->outer.address, address)) {
    Take(&fault, task, &task->outer);
    task->outer.open = 0;
    DropKernel(task);
  } else if (task != NULL && Seen(&task->user) && SamePage(task->user.address, address)) {
    Take(&fault, task, &task->user);
    task->user.open = 0;
    DropKernel(task);
    DropOuter(task);
  } else {
    // Between windows nothing is entered.
    if (task != NULL && !state.windows && IsTwice(task, key, &fault)) {
      if (ending == kBpfMajor) {
        COUNT(duplicate_major);
      } else {
        COUNT(duplicate_minor);
      }
      return 0;
    }
    u64 numbers = bpf_get_current_pid_tgid();
    fault.pid = numbers >> 32;
    fault.tid = numbers;
  }
  fault.address = address;
  if (task != NULL) {
    task->left = 0;
    // What was entered before the exec was completed then, and not counted.
    if (task->asleep) task->user.open = 0;
    task->asleep = 0;
  }
  if (settings.sampled && task != NULL && ending == kBpfMinor) {
    Sample(context, task, key, &fault);
  } else {
    Emit(context, &fault);
  }
  // Who walks a stack for the record may touch what is not there.
  if (task != NULL) NoteCompleted(task, key, &fault);
  return 1;
}

INLINE int Finish(struct Completion* context, u8 ending) {
  const struct Timing timing = BeginRun();
  if (Complete(context, ending)) EndRun(&timing, kBpfCompletion);
  return 0;  // no sample of the event itself
}

SEC("perf_event") int finish_minor(struct Completion* context) {
  return Finish(context, kBpfMinor);
}

SEC("perf_event") int finish_major(struct Completion* context) {
  return Finish(context, kBpfMajor);
}

// Arguments: signal, info, receiver, group, result (trace/events/signal.h).
SEC("raw_tp/signal_generate") int signal(u64* arguments) {
  enum { kSigbus = 7, kSigsegv = 11, kSiKernel = 0x80 };
  const u32 number = arguments[0];
  if (number != kSigbus && number != kSigsegv) return 0;
  u64 key = bpf_get_current_task();
  if (arguments[2] != key) return 0;
  struct BpfTask* task = FindTask(key);
  if (task == NULL || task->asleep || !InCgroup()) return 0;
  const int seen = Seen(&task->user);
  if (!seen && !state.windows && !settings.apart) return 0;
  // Of kernel_siginfo si_signo and si_errno lie before si_code. In the place of its address there
  // may be a small number (SEND_SIG_PRIV), which cannot be read.
  s32 code = 0;
  if (bpf_probe_read_kernel(&code, sizeof code, (void*)(arguments[1] + 8)) != 0) return 0;
  // Of the kernel's own for an access: include/uapi/asm-generic/siginfo.h.
  if (code <= 0 || code >= kSiKernel) return 0;
  struct BpfFault fault = {
      .ending = kBpfSignal, .user_mode = 1, .bus = number == kSigbus, .signal_code = code};
  if (seen) {
    Take(&fault, task, &task->user);
    task->user.open = 0;
  } else if (!TakeFromSignal(&fault, arguments[1])) {
    return 0;
  }
  Emit(arguments, &fault);
  return 0;
}

#include "lives.h"
#include "walks.h"

// What reads kernel memory is given to programs under a license like this one alone.
char programs_license[] SEC("license") = "Dual MIT/GPL";
