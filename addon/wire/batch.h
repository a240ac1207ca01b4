// The layout of one batch. src/core/wire/batch.ts has the same columns: the loader refuses an addon
// whose list is another.
//
//   header    64 bytes   u32[0] faults, u32[1] records, u32[2] name bytes, f64 at byte 16 horizon
//   columns   of faults (kFaultCapacity rows), of records (kRecordCapacity), bytes of names;
//             the name of a stack is its addresses, u64 each, on 8 bytes
//
// Times are ns since the session's start; ranges are in 4 KiB units.
#pragma once

#include <cstddef>
#include <cstdint>

#include "wire/columns.h"

namespace pagefault {

constexpr uint32_t kFaultCapacity = 16384;
constexpr uint32_t kRecordCapacity = 8192;
constexpr uint32_t kNameBytes = 512 * 1024;

// Bits of the `flags` column of faults.
constexpr uint8_t kFlagCompletion = 0x03;  // one of the three below
constexpr uint8_t kFlagNone = 0;
constexpr uint8_t kFlagMin = 1;
constexpr uint8_t kFlagMaj = 2;
constexpr uint8_t kFlagKernel = 0x04;
constexpr uint8_t kFlagErrorCode = 0x08;
constexpr uint8_t kFlagEntry = 0x10;
constexpr uint8_t kFlagInferred = 0x20;  // kFlagNone, and nobody saw the signal

// The `signal` column of a fault that ended in one: si_code, and this bit for SIGBUS (else
// SIGSEGV). 0: none was seen.
constexpr uint8_t kSignalBus = 0x80;
constexpr uint8_t kSignalCode = 0x7f;

// Flag of kMadeBy and kMadeByCopy: of these pages only those that the break, which moves next, was
// moved over.
constexpr uint32_t kMadeByBreak = 1;

// X(enumerator, name and number as src/core/wire/batch.ts has them, which also says what columns a
// record fills).
#define PAGEFAULT_RECORD_TYPES(X)    \
  X(kMmap, MMAP, 1)                  \
  X(kComm, COMM, 2)                  \
  X(kFork, FORK, 3)                  \
  X(kExit, EXIT, 4)                  \
  X(kUnmap, UNMAP, 5)                \
  X(kRemap, REMAP, 6)                \
  X(kBrk, BRK, 7)                    \
  X(kLost, LOST, 8)                  \
  X(kStackPointer, STACK_POINTER, 9) \
  X(kShareSpace, SHARE_SPACE, 10)    \
  X(kDetach, DETACH, 11)             \
  X(kStack, STACK, 12)               \
  X(kMadeBy, MADE_BY, 13)            \
  X(kStackCopy, STACK_COPY, 14)      \
  X(kMadeByCopy, MADE_BY_COPY, 15)   \
  X(kCgroup, CGROUP, 16)             \
  X(kCounted, COUNTED, 17)

enum class RecordType : uint8_t {
#define PAGEFAULT_ENUMERATOR(enumerator, name, number) enumerator = number,
  PAGEFAULT_RECORD_TYPES(PAGEFAULT_ENUMERATOR)
#undef PAGEFAULT_ENUMERATOR
};

struct FaultRow {
  uint64_t time;    // ns since the session's start
  int64_t latency;  // ns, -1 unknown
  uint64_t address;
  uint64_t ip;
  uint32_t pid;
  uint32_t tid;
  uint16_t error_code;
  uint8_t flags;
  uint8_t signal;
  uint32_t weight = 1;   // faults that it stands for, where faults are sampled
  uint32_t counted = 1;  // of its class, those of its thread since its last row, this one with them
};

#define PAGEFAULT_FAULT_COLUMNS(X)  \
  X(f64, time, row.time)            \
  X(f64, latency, row.latency)      \
  X(u32, addrLo, row.address)       \
  X(u32, addrHi, row.address >> 32) \
  X(u32, ipLo, row.ip)              \
  X(u32, ipHi, row.ip >> 32)        \
  X(u32, pid, row.pid)              \
  X(u32, tid, row.tid)              \
  X(u32, weight, row.weight)        \
  X(u32, counted, row.counted)      \
  X(u16, errorCode, row.error_code) \
  X(u8, flags, row.flags)           \
  X(u8, signal, row.signal)

struct RecordRow {
  RecordType type;
  uint64_t time = 0;
  uint32_t pid = 0;
  uint32_t tid = 0;
  uint64_t start = 0, end = 0;          // pages
  uint64_t pgoff = 0;                   // pages
  uint64_t entered = 0;                 // ns since the session's start
  uint64_t new_start = 0, new_end = 0;  // pages
  // Records lost, faults that a stack stands for, a slot; of kCounted faults, with a sign.
  uint64_t count = 0;
  uint32_t parent_pid = 0;
  uint32_t parent_tid = 0;
  uint32_t prot = 0;
  uint32_t flags = 0;
  uint32_t dev_major = 0;
  uint32_t dev_minor = 0;
  uint64_t ino = 0;
  const char* name = nullptr;
  size_t name_length = 0;

  // Its name is a call chain: addresses, u64 each.
  bool is_chain() const { return type == RecordType::kStack || type == RecordType::kMadeBy; }
};

// Of records that were lost the kernel may say any number: only kCounted has a sign.
inline double CountOf(const RecordRow& row) {
  if (row.type == RecordType::kCounted) return static_cast<double>(static_cast<int64_t>(row.count));
  return static_cast<double>(row.count);
}

// `at`, `name_offset`: where the record stands among the faults, and its name among the names.
#define PAGEFAULT_RECORD_COLUMNS(X)      \
  X(f64, recTime, row.time)              \
  X(f64, recStart, row.start)            \
  X(f64, recEnd, row.end)                \
  X(f64, recPgoff, row.pgoff)            \
  X(f64, recEntered, row.entered)        \
  X(f64, recNewStart, row.new_start)     \
  X(f64, recNewEnd, row.new_end)         \
  X(f64, recCount, CountOf(row))         \
  X(u32, recAt, at)                      \
  X(u32, recPid, row.pid)                \
  X(u32, recTid, row.tid)                \
  X(u32, recParentPid, row.parent_pid)   \
  X(u32, recParentTid, row.parent_tid)   \
  X(u32, recProt, row.prot)              \
  X(u32, recFlags, row.flags)            \
  X(u32, recDevMajor, row.dev_major)     \
  X(u32, recDevMinor, row.dev_minor)     \
  X(u32, recInoLo, row.ino)              \
  X(u32, recInoHi, row.ino >> 32)        \
  X(u32, recNameOffset, name_offset)     \
  X(u32, recNameLength, row.name_length) \
  X(u8, recType, row.type)

// The place of each column in kBatchColumns.
enum BatchColumn : size_t {
#define PAGEFAULT_PLACE(type, name, value) k_##name,
  PAGEFAULT_FAULT_COLUMNS(PAGEFAULT_PLACE) PAGEFAULT_RECORD_COLUMNS(PAGEFAULT_PLACE) k_names
#undef PAGEFAULT_PLACE
};

constexpr size_t kBatchHeader = 64;
constexpr Column kBatchList[] = {
#define PAGEFAULT_FAULTS(type, name, value) {#name, ColumnType::type, kFaultCapacity, 0},
#define PAGEFAULT_RECORDS(type, name, value) {#name, ColumnType::type, kRecordCapacity, 0},
    PAGEFAULT_FAULT_COLUMNS(PAGEFAULT_FAULTS) PAGEFAULT_RECORD_COLUMNS(PAGEFAULT_RECORDS)
#undef PAGEFAULT_FAULTS
#undef PAGEFAULT_RECORDS
        {"names", ColumnType::u8, kNameBytes, 0},
};
constexpr auto kBatchColumns = LayOut(kBatchList, kBatchHeader);
constexpr size_t kBatchBytes = kBatchColumns.bytes();

// How many rows of a column are in use: what the header says of faults, records and bytes of names.
inline uint32_t RowsInUse(const uint32_t* header, size_t column) {
  return header[column < k_recTime ? 0 : column < k_names ? 1 : 2];
}

}  // namespace pagefault
