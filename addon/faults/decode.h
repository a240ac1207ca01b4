// Bytes of one perf record -> a Record. Pure: no system calls, no state but the tables given to it.
//
// The record formats are those of perf_event_open(2), "mmap layout".
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "perf/formats.h"
#include "source/record_source.h"

namespace pagefault {

// As many as the kernel records by default (kernel.perf_event_max_stack).
constexpr size_t kMaxChain = 127;

struct Record {
  RecordKind kind;
  EventKind event;
  bool user_mode;  // cpumode of the record's header
  bool borrowed;   // identifier and time are another perf session's (EventIds)
  bool exec;       // COMM
  bool addressed;  // faults: `address` is told
  bool shared;     // MMAP
  bool listed;     // kFinished: its thread is followed for sure
  uint32_t root;
  uint32_t pid, tid;  // pid 0: not told (sample_layout.h)
  uint64_t time;
  uint64_t address;  // faults; start of a mapping
  uint64_t ip;
  uint64_t error_code;
  uint64_t stack_pointer;  // kThreadStart; 0 = not sampled
  uint64_t
      argument[kMaxFields];  // the fields of a tracepoint's row; argument[0] of an exit: result
  uint64_t length, pgoff;    // mappings, bytes
  uint64_t ino;
  uint32_t dev_major, dev_minor, prot, flags;
  uint32_t ppid, ptid;  // FORK
  uint64_t lost;
  uint64_t cgroup;  // kCgroup, kTaskEnd: id
  uint8_t signal, signal_code;
  uint32_t weight;       // of a completion: faults that it stands for
  uint32_t stack_every;  // kFinished: as BpfFault; 0: it has no stack
  int64_t counted;       // as FaultRow; of kBpfCounted as BpfFault
  uint64_t entered;      // kFinished; 0: not seen
  uint8_t ending;        // the same, of BpfFault
  const char* name;      // points into the record
  size_t name_length;
  // kStack, and exits of kSyscall, completions and kFinished that have one: addresses of user mode,
  // innermost first; at most kMaxChain. Points into the record.
  const uint8_t* chain;
  size_t chain_size;
  // kStackCopy, kMakerCopy, kFinished that has one: kUnwindCount values of u64, nullptr where they
  // are not of 64-bit user mode, and the bytes from the stack pointer on. Point into the record.
  const uint8_t* registers;
  const uint8_t* stack;
  size_t stack_size;
  bool copied;  // the stack is to be found from those
};

// Decodes one record. False when a field would lie outside of it.
bool Decode(const RawRecord& raw, const Formats& formats, Record* out);

// Registers and stack of a record that has them, as wire/stack_copies.h has both.
void CopyWords(const Record& record, std::vector<uint64_t>* out);

}  // namespace pagefault
