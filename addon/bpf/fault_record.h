// What the programs hand to the addon: in C and in C++.
#pragma once

typedef __UINT8_TYPE__ BpfU8;
typedef __UINT16_TYPE__ BpfU16;
typedef __UINT32_TYPE__ BpfU32;
typedef __UINT64_TYPE__ BpfU64;
typedef __INT32_TYPE__ BpfS32;
typedef __INT64_TYPE__ BpfS64;

// What has become of a fault.
enum {
  kBpfMinor,  // completed
  kBpfMajor,
  kBpfSignal,   // SIGSEGV or SIGBUS was sent for it
  kBpfLeft,     // its thread has entered another one, or ended: a signal interrupted it
  kBpfCounted,  // no fault: what has been counted of a thread that ends, and not told
};

// One fault, as the raw data of a sample. Times are CLOCK_MONOTONIC, ns.
struct BpfFault {
  BpfU64 time;     // when it ended
  BpfU64 entered;  // 0: not seen
  BpfU64 address;
  BpfU64 ip;
  BpfU32 pid, tid;  // of the initial pid namespace
  BpfU16 error_code;
  BpfU8 ending : 3;
  BpfU8 user_mode : 1;
  BpfU8 bus : 1;      // the signal is SIGBUS
  BpfU8 listed : 1;   // of a thread that is followed, and not of anybody's
  BpfU8 signal_code;  // si_code, 1 to 127
  // Only where minor faults are sampled. Faults that this one stands for; and how many of its class
  // its thread has had since the last record of one, itself among them. Below 0 (kBpfCounted) what
  // was told too much: a walk and the thread may tell of the same faults.
  BpfU32 weight;
  BpfS32 counted;
  // Only where the record has a call stack: how many of the faults that have records it stands for.
  BpfU32 stack_every;
};
// Up to `weight`, up to `stack_every`, and all of it. The raw data begins with its size, 4 bytes,
// and has a multiple of 8 with it: the kernel fills it up.
enum { kBpfFaultBytes = 44, kBpfSampleBytes = 52, kBpfStackBytes = 56 };

// The ring of a CPU that lies in memory which programs and reader share: what a program writes into
// it with plain stores costs a twentieth of what a perf ring does. Its records look like those of a
// perf ring, of the event `id`, and each fills a whole number of slots, so that none wraps.
enum { kBpfSlotBytes = 64 };
struct BpfSlot {
  BpfU64 words[kBpfSlotBytes / 8];
};
// Slots of a record: of a fault, and of one with what is said of a sample. Powers of two.
enum { kBpfFaultSlots = 1, kBpfSampleSlots = 2 };
struct BpfRing {
  unsigned long long head;  // bytes written, by the programs
  BpfU64 beside_head[7];
  unsigned long long tail;  // bytes read, by the reader
  BpfU64 bytes;             // its size, a power of two; 0: there is none
  BpfU64 id;
  BpfU32 first;  // slot
  BpfU32 unused;
  BpfU64 beside_tail[4];
};

// Of each thread that is followed, by the address of its task_struct, which stays the same when an
// exec gives it the number of its process.
struct BpfEntry {
  BpfU64 time;
  BpfU64 address;
  BpfU64 ip;
  BpfU16 error_code;
  BpfU8 open;
  BpfU32 depth;  // where its registers lie on the kernel's stack, which grows down: lower 32 bits
};
struct BpfTask {
  struct BpfEntry user, kernel;
  // Entered in kernel mode before `kernel`, on another page. Who walks a user stack while a fault
  // is handled (a call chain of perf) may touch what is not there: an entry that is never
  // completed. One inside of another lies deeper on the stack; what lies no higher than a new one
  // is over.
  struct BpfEntry outer;
  BpfU64 completed;  // address of the last completion, 0 once something has been entered since
  BpfU64 mark;       // of that completion (twice.h)
  BpfU32 pid, tid;   // as of the last entry
  BpfU8 asleep;      // its events wait for an exec: what is not completed has not been interrupted
  BpfU8 left;        // faults that were left, one after the other
  BpfU8 ended;       // told of for the last time
  BpfU8 in_user;     // that completion was of an access in user mode
  BpfU64 kept;       // since when
  // Where minor faults are sampled: completed; told by records; told by walks. The last is written
  // by walks, the others by the thread: in a race both tell of some, and less is told later.
  BpfU64 minor, told, walked;
  // With a budget: CPU time that is in BpfState.ran, or was before it was kept, ns; what the kernel
  // has counted (min_flt) and is not in `minor`; of its faults those that are in sums (BpfSpent);
  // and BpfState.switched as of its last completion.
  BpfU64 ran, beside, summed;
  BpfU32 switched;
};

// What a walk tells of a thread.
struct BpfCount {
  BpfU32 pid, tid;
  BpfS64 minor;  // as BpfFault.counted
};

// The same of a thread that has ended, for whose record (kBpfCounted) there was no room.
struct BpfEnded {
  struct BpfCount count;
  BpfU64 time;
};

// Ring buffers of all CPUs, bytes: of what wakes the reader, and of BpfEnded.
enum { kBpfWakeBytes = 4096, kBpfEndedBytes = 262144 };

// What a run of a program was for.
enum { kBpfEntry, kBpfCompletion, kBpfRuns };

// Of each CPU. Whole lines of the cache, so that they do not disturb each other.
struct BpfCounters {
  BpfU64 lost_minor, lost_major, lost_errors;  // for want of room in the ring
  BpfU64 duplicate_minor, duplicate_major;     // completed twice: by events of two descriptors
  BpfU64 kernel_entries;                       // entered in kernel mode and not completed
  BpfU64 vsyscalls;                            // calls through the vsyscall page: no faults
  BpfU64 not_kept;                             // how often the table had no room for a thread
  BpfU64 lost_samples;  // minor faults that stood for others, for want of room in the ring
  BpfU64 lost_stacks;   // copies of stacks for which there was none; their faults have records
  BpfU64 unstacked;     // faults with records since the last one with a stack
  BpfU64 until;         // minor faults until the next one is taken, which stands for `weight`
  BpfU64 weight;
  // With a budget: completions, records, and what it took to put these into the rings, ns.
  BpfU64 counted, captured, put_ns;
  // Of the runs of programs some that were timed, by what they were for, and what they took but for
  // records, ns.
  BpfU64 timed[kBpfRuns], timed_ns[kBpfRuns];
  BpfU64 turn;
  BpfU64 ended_minor;  // those of threads that have ended, but for what is in BpfState.walked_minor
  BpfU64 rest[2];
};

// Who is followed.
enum {
  kBpfListed,    // those that are listed, and who is born of them
  kBpfCgroup,    // who runs in the cgroup
  kBpfEveryone,  // who faults
};

// What comes with the records of some faults: call chains, made by frame pointers, or registers and
// copies of stacks, in rings of their own.
enum { kBpfNoStacks, kBpfChains, kBpfCopies };

// As the programs were loaded.
struct BpfSettings {
  BpfU32 scope;
  BpfU32 children;  // processes born of those that are followed are followed too
  BpfU32 on_exec;   // the events begin with an exec
  BpfU32 self;      // never listed
  BpfU32 sampled;   // of minor faults not each has a record
  BpfU32 stacks;
  BpfU32 budget;  // what capture costs is measured, and `every` follows
  BpfU32 apart;   // up to BpfState.since entries have records of their own, and need no program
};

// What changes meanwhile.
struct BpfState {
  BpfU64 since;        // when all events were on, 0: not yet. What was entered before may have been
                       // completed and not counted, or is told by a record of its own
  BpfU32 ended;        // entries are taken in no more
  BpfU32 wide;         // the events are of everybody on a CPU, not of those who are followed
  BpfU32 added;        // threads that walks through all of them have added
  BpfU32 every;        // so manyth minor fault has a record, on average
  BpfU32 stack_every;  // with so manyth record a stack; 0: with none
  BpfU64 walk_before;  // walks for counts pass by who is kept since then
  BpfU64 ran;          // with a budget: CPU time of those who are followed, ns, as of the last walk
  // Windows: minor faults are captured from `opened` up to `until` only, and what the kernel counts
  // of a thread (min_flt) says how many it has. Without them `opened` is 0.
  BpfU32 windows;
  BpfU32 switched;  // how often windows have come to an end for good
  BpfU64 opened, until;
  BpfU64 walked_minor;  // minor faults of those who are followed, as of the last walk
  BpfU32 frozen;        // who ends is told of no more
};
