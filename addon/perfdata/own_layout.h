// How the records that we make lie in their bytes: for who writes and who reads them.
#pragma once

#include <linux/perf_event.h>

#include <cstddef>
#include <cstdint>

namespace pagefault {
namespace perfdata {

// A RecordRow as raw data of a note, in this order, without its name.
struct NoteRow {
  uint64_t start, end, pgoff, entered, new_start, new_end, count, ino;
  uint32_t parent_pid, parent_tid, prot, flags, dev_major, dev_minor;
  uint32_t name_length;
  uint32_t type;
};

// A fault, in front of the rest of its chain and behind that. Written as one: there are a million a
// second.
struct FaultHead {
  perf_event_header header;
  uint64_t id, ip;
  uint32_t pid, tid;
  uint64_t time, address;
  uint32_t cpu, facts;
  uint64_t period, chain, context, first;
};
struct FaultTail {
  uint64_t weight, source;
};
static_assert(sizeof(FaultHead) == 88 && sizeof(FaultTail) == 16, "without padding");

// Where the parts of a fault lie.
constexpr size_t kIpAt = 16, kTidAt = 24, kTimeAt = 32, kAddressAt = 40, kCpuAt = 48,
                 kPeriodAt = 56, kChainAt = 64;
constexpr size_t kNoteRowAt = 16, kTrailer = 32;

// In the place of a RecordType.
constexpr uint32_t kFact = 200, kBatchEnd = 201, kOrigin = 202;
constexpr size_t kNameAt = kNoteRowAt + sizeof(NoteRow);

}  // namespace perfdata
}  // namespace pagefault
