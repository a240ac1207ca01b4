// What is counted between the rings and the mailbox.
#pragma once

#include <cstdint>

namespace pagefault {

struct PairCounters {
  uint64_t stacks = 0;  // joined with their faults
  uint64_t lost_stacks = 0;
  uint64_t unjoined_stacks = 0;  // with no fault that they could be of
  uint64_t minor = 0, major = 0, unresolved = 0;
  uint64_t unpaired_completions = 0;
  uint64_t kernel_entries = 0;
  uint64_t vsyscalls = 0;    // calls through the vsyscall page
  uint64_t interrupted = 0;  // user entries that a signal interrupted, never retried so far
  uint64_t retried = 0;      // those that were
  uint64_t memory_sharers = 0;
  uint64_t tainted_entries = 0;
  uint64_t lost_records = 0;
  uint64_t malformed = 0;
  uint64_t duplicates = 0;                            // second copies of any record
  uint64_t duplicate_minor = 0, duplicate_major = 0;  // completions among them: counted twice
  uint64_t left_out_minor = 0,
           left_out_major = 0;  // completions of our own, where everyone is followed
  uint64_t foreign = 0;
  uint64_t borrowed_stamps = 0;  // completions with another perf session's time
};

}  // namespace pagefault
