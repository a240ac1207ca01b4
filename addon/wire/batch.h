// The layout of one batch, shared with src/core/wire/batch.ts. Change both together and raise
// kBatchAbi: the loader refuses an addon whose number differs.
//
//   header    64 bytes   u32[0] faults, u32[1] records, u32[2] name bytes, f64 at byte 16 horizon
//   faults    kFaultCapacity rows: f64 time, latency; u32 addr_lo, addr_hi, ip_lo, ip_hi, pid, tid;
//             u16 error_code; u8 how, signal
//   records   kRecordCapacity rows: f64 time, a..e; u32 at, pid, tid, prot, flags, dev_major,
//             dev_minor, ino_lo, ino_hi, name_offset, name_length; u8 type
//   names     kNameBytes of raw bytes; of a stack its addresses, u64 each, on 8 bytes
//
// Every column begins on 8 bytes. Times are ns since the session's start; ranges are in 4 KiB
// units.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pagefault {

constexpr uint32_t kBatchAbi = 4;
constexpr uint32_t kFaultCapacity = 16384;
constexpr uint32_t kRecordCapacity = 8192;
constexpr uint32_t kNameBytes = 512 * 1024;

// Bits of the `how` column.
constexpr uint8_t kHowNone = 0;
constexpr uint8_t kHowMin = 1;
constexpr uint8_t kHowMaj = 2;
constexpr uint8_t kHowKernel = 0x04;
constexpr uint8_t kHowErrorCode = 0x08;
constexpr uint8_t kHowEntry = 0x10;
constexpr uint8_t kHowInferred = 0x20;  // kHowNone, and nobody saw the signal

// The `signal` column of a fault that ended in one: si_code, and this bit for SIGBUS (else
// SIGSEGV). 0: none was seen.
constexpr uint8_t kSignalBus = 0x80;
constexpr uint8_t kSignalCode = 0x7f;

enum class RecordType : uint8_t {
  kMmap = 1,
  kComm = 2,
  kFork = 3,
  kExit = 4,
  kUnmap = 5,
  kRemap = 6,
  kBrk = 7,
  kLost = 8,
  kStackPointer = 9,
  kShareSpace = 10,
  kDetach = 11,
  kStack = 12,
};

constexpr size_t AlignColumn(size_t bytes) {
  return (bytes + 7) & ~size_t{7};
}

// Byte offsets of the columns, in the order of the comment above.
struct BatchLayout {
  static constexpr size_t kHeader = 64;
  static constexpr size_t F = kFaultCapacity;
  static constexpr size_t R = kRecordCapacity;

  static constexpr size_t kTime = kHeader;
  static constexpr size_t kLatency = kTime + 8 * F;
  static constexpr size_t kFaultWords = kLatency + 8 * F;  // six u32 columns
  static constexpr size_t kErrorCode = kFaultWords + 6 * 4 * F;
  static constexpr size_t kHow = AlignColumn(kErrorCode + 2 * F);
  static constexpr size_t kSignal = AlignColumn(kHow + F);
  static constexpr size_t kRecDoubles = AlignColumn(kSignal + F);  // six f64 columns
  static constexpr size_t kRecWords = kRecDoubles + 6 * 8 * R;     // eleven u32 columns
  static constexpr size_t kRecType = kRecWords + 11 * 4 * R;
  static constexpr size_t kNames = AlignColumn(kRecType + R);
  static constexpr size_t kBytes = kNames + kNameBytes;
};

static_assert(BatchLayout::F % 8 == 0 && BatchLayout::R % 8 == 0, "columns must stay aligned");

}  // namespace pagefault
