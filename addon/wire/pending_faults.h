// The layout of Session.pendingFaults: src/core/wire/pending-faults.ts has the same columns, and
// the loader compares them.
//
//   header    f64 as of when, u32 how many, u32 1 where earlier faults may be in the mailbox still
#pragma once

#include <cstddef>
#include <cstdint>

#include "wire/columns.h"

namespace pagefault {

// A user-mode fault that has been entered and not completed.
struct PendingFault {
  uint32_t pid, tid;
  uint64_t address, ip;
  uint64_t entered;  // ns since the session's start
};

#define PAGEFAULT_PENDING_COLUMNS(X) \
  X(f64, entered, row.entered)       \
  X(u32, addrLo, row.address)        \
  X(u32, addrHi, row.address >> 32)  \
  X(u32, ipLo, row.ip)               \
  X(u32, ipHi, row.ip >> 32)         \
  X(u32, pid, row.pid)               \
  X(u32, tid, row.tid)

struct PendingColumns {
  enum Place : size_t {
#define PAGEFAULT_PLACE(type, name, value) k_##name,
    PAGEFAULT_PENDING_COLUMNS(PAGEFAULT_PLACE)
#undef PAGEFAULT_PLACE
  };
  static constexpr size_t kCapacity = 16384;
  static constexpr size_t kAsOf = 0;
  static constexpr size_t kCount = 8;
  static constexpr size_t kHeader = 16;
};

constexpr Column kPendingList[] = {
#define PAGEFAULT_PENDING(type, name, value) \
  {#name, ColumnType::type, PendingColumns::kCapacity, 0},
    PAGEFAULT_PENDING_COLUMNS(PAGEFAULT_PENDING)
#undef PAGEFAULT_PENDING
};
constexpr auto kPendingColumns = LayOut(kPendingList, PendingColumns::kHeader);
constexpr size_t kPendingBytes = kPendingColumns.bytes();

}  // namespace pagefault
