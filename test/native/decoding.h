// Records of a thread, decoded in blocks of exactly their size, so that AddressSanitizer sees a
// byte too far.
#pragma once

#include <memory>

#include "check.h"
#include "session_events.h"

namespace pagefault {
namespace test {

constexpr Who kWho = {100, 101, 5000, 0};
inline Who With(uint64_t id) {
  return {kWho.pid, kWho.tid, kWho.time, id};
}

inline bool DecodeExact(const Bytes& record, size_t length, const Formats& formats, Record* out) {
  std::unique_ptr<uint8_t[]> block(new uint8_t[length]);
  memcpy(block.get(), record.data(), length);
  const RawRecord raw = Identify(formats.events, block.get(), length);
  const bool good = Decode(raw, formats, out);
  if (good && out->kind != RecordKind::kIgnored &&
      (out->kind == RecordKind::kMmap || out->kind == RecordKind::kComm)) {
    // The name is read to its end: it must lie within the record.
    CHECK(out->name >= reinterpret_cast<char*>(block.get()) &&
          out->name + out->name_length <= reinterpret_cast<char*>(block.get()) + length);
    out->name = nullptr;
  }
  return good;
}

// One well-formed record of each kind a session can meet.
inline std::vector<Bytes> Kinds() {
  return {
      Minor(With(IdOf(kMinorId, 100)), 0x7f0000001234),
      Major(With(IdOf(kMajorId, 100)), 0x7f0000001234),
      FaultEntry(With(IdOf(kUserId, 100)), true, 0x1000, 0x400000, 6, 0x7ffe00000000),
      FaultEntry(With(IdOf(kUserId, 100)), true, 0x1000, 0x400000, 6),
      FaultEntry(With(IdOf(kKernelId, 100)), false, 0x1000, 0x400000, 2),
      SyscallEnter(EventKind::kMunmapEnter, kWho, {0x1000, 0x2000}),
      SyscallExit(EventKind::kMunmapExit, kWho, 0),
      SyscallEnter(EventKind::kMremapEnter, kWho, {1, 2, 3, 4, 5}),
      SyscallExit(EventKind::kMremapExit, kWho, 0x7000),
      SyscallExit(EventKind::kBrkExit, kWho, 0x5000),
      Mmap2(With(IdOf(kMinorId, 100)), 0x1000, 0x3000, 0x2000, 5, 2, "/usr/lib/libc.so.6"),
      Comm(With(IdOf(kMinorId, 100)), "name", true),
      Fork(With(IdOf(kMinorId, 100)), 90, 91),
      Exit(With(IdOf(kMinorId, 100))),
      Lost(With(IdOf(kMinorId, 100)), 17),
      StackCopy(With(IdOf(kCopyId, 100)), 0x1000, 2, 8, 5),
  };
}

}  // namespace test
}  // namespace pagefault
