// Perf records made by hand, as perf_event_open(2) and the `format` files describe them. Nothing
// here uses the decoder under test.
#pragma once

#include <linux/perf_event.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "bpf/fault_record.h"
#include "faults/decode.h"

namespace pagefault {
namespace test {

using Bytes = std::vector<uint8_t>;

// Unoptimised, as the tests are compiled, insert() takes long, and this is done for every field.
inline void Append(Bytes* out, const void* bytes, size_t count) {
  const size_t at = out->size();
  out->resize(at + count);
  memcpy(out->data() + at, bytes, count);
}
template <typename T>
void Put(Bytes* out, T value) {
  Append(out, &value, sizeof value);
}
template <typename T>
void PutAt(Bytes* out, size_t at, T value) {
  memcpy(out->data() + at, &value, sizeof value);
}

inline Bytes Header(uint32_t type, uint16_t misc) {
  Bytes out;
  out.reserve(64);
  Put(&out, perf_event_header{type, misc, 0});
  return out;
}
// Pads to 8 bytes and writes the size into the header.
inline Bytes Finish(Bytes record) {
  record.resize((record.size() + 7) / 8 * 8);
  PutAt(&record, 6, static_cast<uint16_t>(record.size()));
  return record;
}

struct Who {
  uint32_t pid;
  uint32_t tid;
  uint64_t time;
  uint64_t id;
};

// --- samples: IDENTIFIER, [IP], [TID], TIME, then what the event has -----------------------------

inline Bytes Sample(const Who& who, bool user, bool with_ip = false, uint64_t ip = 0,
                    bool with_tid = true) {
  Bytes out = Header(PERF_RECORD_SAMPLE, user ? PERF_RECORD_MISC_USER : PERF_RECORD_MISC_KERNEL);
  Put(&out, who.id);
  if (with_ip) Put(&out, ip);
  if (with_tid) {
    Put(&out, who.pid);
    Put(&out, who.tid);
  }
  Put(&out, who.time);
  return out;
}

// PERF_MEM_NA of Linux 6.18: what software events have as their data source.
constexpr uint64_t kNoSource = 0x1e05080021;

inline Bytes Minor(const Who& who, uint64_t address, bool user = true) {
  Bytes out = Sample(who, user);
  Put(&out, address);
  Put(&out, kNoSource);  // PERF_SAMPLE_DATA_SRC
  return Finish(out);
}
inline Bytes Major(const Who& who, uint64_t address, bool user = true) {
  Bytes out = Sample(who, user);
  Put(&out, address);
  Put(&out, uint64_t{1});  // PERF_SAMPLE_CPU
  Put(&out, kNoSource);    // PERF_SAMPLE_DATA_SRC
  return Finish(out);
}

// `chain` as the kernel writes it, with the markers of its parts.
inline Bytes Stack(const Who& who, uint64_t address, const std::vector<uint64_t>& chain,
                   bool user = true) {
  Bytes out = Sample(who, user);
  Put(&out, address);
  Put(&out, who.id);       // PERF_SAMPLE_ID
  Put(&out, uint64_t{1});  // PERF_SAMPLE_CPU
  Put(&out, uint64_t{chain.size()});
  for (uint64_t ip : chain) Put(&out, ip);
  return Finish(out);
}

// Registers of an ABI (PERF_SAMPLE_REGS_ABI_*; 0: none), the stack pointer the eighth of them, and
// `copied` words of a stack of `words`, counted from 0.
inline void PutCopy(Bytes* out, uint64_t abi, size_t words, size_t copied) {
  Put(out, abi);
  for (uint64_t i = 0; abi != 0 && i < kUnwindCount; i++) Put(out, 0x7000 + i);
  Put(out, uint64_t{8 * words});
  for (uint64_t i = 0; i < words; i++) Put(out, i);
  if (words > 0) Put(out, uint64_t{8 * copied});
}
inline Bytes StackCopy(const Who& who, uint64_t address, uint64_t abi, size_t words,
                       size_t copied) {
  Bytes out = Sample(who, true);
  Put(&out, address);
  Put(&out, who.id);       // PERF_SAMPLE_ID
  Put(&out, uint64_t{1});  // PERF_SAMPLE_CPU
  PutCopy(&out, abi, words, copied);
  return Finish(out);
}

constexpr Field kThread = {4, 4};  // common_pid

// Raw data with the fields where `fields` has them, then registers.
inline Bytes Raw(const Who& who, bool user, size_t raw_size,
                 const std::vector<std::pair<Field, uint64_t>>& fields, uint64_t stack_pointer = 0,
                 bool with_regs = false, bool with_tid = false) {
  Bytes out = Sample(who, user, false, 0, with_tid);
  Put(&out, static_cast<uint32_t>(raw_size));
  const size_t raw = out.size();
  out.resize(raw + raw_size);
  if (raw_size >= 8) memcpy(out.data() + raw + kThread.offset, &who.tid, kThread.size);
  for (const auto& field : fields) {
    memcpy(out.data() + raw + field.first.offset, &field.second, field.first.size);
  }
  if (with_regs) {
    Put(&out, uint64_t{stack_pointer != 0 ? 2u : 0u});  // PERF_SAMPLE_REGS_ABI_64 or NONE
    if (stack_pointer != 0) Put(&out, stack_pointer);
  }
  return Finish(out);
}

constexpr uint64_t kFinishedId = 7000;
// What a BPF program writes of a fault: IDENTIFIER, size and bytes.
inline Bytes Finished(const BpfFault& fault, size_t size = 44) {
  Bytes out = Header(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER);
  Put(&out, kFinishedId);
  Put(&out, static_cast<uint32_t>(size));
  const uint8_t* bytes = reinterpret_cast<const uint8_t*>(&fault);
  out.insert(out.end(), bytes, bytes + size);
  return Finish(out);
}

// The same with its stack: the call chain before, or registers and a copy behind.
constexpr uint64_t kFinishedChainId = 7001, kFinishedCopyId = 7002;
inline Bytes FinishedWithChain(const BpfFault& fault, const std::vector<uint64_t>& chain,
                               size_t size = 60) {
  Bytes out = Header(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER);
  Put(&out, kFinishedChainId);
  Put(&out, uint64_t{chain.size()});
  for (uint64_t address : chain) Put(&out, address);
  Put(&out, static_cast<uint32_t>(size));
  const uint8_t* bytes = reinterpret_cast<const uint8_t*>(&fault);
  const size_t raw = out.size();
  out.insert(out.end(), bytes, bytes + std::min(size, sizeof fault));
  out.resize(raw + size);
  return Finish(out);
}
inline Bytes FinishedWithCopy(const BpfFault& fault, uint64_t abi, size_t words, size_t copied) {
  Bytes out = Header(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER);
  Put(&out, kFinishedCopyId);
  Put(&out, uint32_t{60});
  const uint8_t* bytes = reinterpret_cast<const uint8_t*>(&fault);
  out.insert(out.end(), bytes, bytes + sizeof fault);
  Put(&out, uint32_t{0});
  PutCopy(&out, abi, words, copied);
  return Finish(out);
}

// --- sideband: the body, then the trailer of sample_id_all (TID, TIME, IDENTIFIER)
// ----------------

inline Bytes Sideband(uint32_t type, uint16_t misc, const Bytes& body, const Who& who) {
  Bytes out = Header(type, misc);
  out.insert(out.end(), body.begin(), body.end());
  while (out.size() % 8 != 0) out.push_back(0);
  Put(&out, who.pid);
  Put(&out, who.tid);
  Put(&out, who.time);
  Put(&out, who.id);
  return Finish(out);
}
// The kernel pads names with NULs to 8 bytes; `pad` false leaves that out where the length allows.
inline void PutName(Bytes* body, const std::string& name) {
  body->insert(body->end(), name.begin(), name.end());
}
inline Bytes Mmap2(const Who& who, uint64_t start, uint64_t length, uint64_t pgoff, uint32_t prot,
                   uint32_t flags, const std::string& name, uint16_t misc = 0) {
  Bytes body;
  Put(&body, who.pid);
  Put(&body, who.tid);
  Put(&body, start);
  Put(&body, length);
  Put(&body, pgoff);
  Put(&body, uint32_t{8});    // major
  Put(&body, uint32_t{1});    // minor
  Put(&body, uint64_t{77});   // inode
  Put(&body, uint64_t{123});  // generation
  Put(&body, prot);
  Put(&body, flags);
  PutName(&body, name + std::string(1, '\0'));
  return Sideband(PERF_RECORD_MMAP2, misc, body, who);
}
inline Bytes Comm(const Who& who, const std::string& name, bool exec) {
  Bytes body;
  Put(&body, who.pid);
  Put(&body, who.tid);
  PutName(&body, name + std::string(1, '\0'));
  return Sideband(PERF_RECORD_COMM, exec ? PERF_RECORD_MISC_COMM_EXEC : 0, body, who);
}
// `who` names the parent's descriptor and the record's time; pid and tid are the child's.
inline Bytes Task(uint32_t type, const Who& who, uint32_t ppid, uint32_t ptid) {
  Bytes body;
  Put(&body, who.pid);
  Put(&body, ppid);
  Put(&body, who.tid);
  Put(&body, ptid);
  Put(&body, who.time);
  return Sideband(type, 0, body, who);
}
inline Bytes Fork(const Who& who, uint32_t ppid, uint32_t ptid) {
  return Task(PERF_RECORD_FORK, who, ppid, ptid);
}
inline Bytes Exit(const Who& who) {
  return Task(PERF_RECORD_EXIT, who, who.pid, who.tid);
}
inline Bytes Lost(const Who& who, uint64_t lost) {
  Bytes body;
  Put(&body, who.id);
  Put(&body, lost);
  return Sideband(PERF_RECORD_LOST, 0, body, who);
}

// The same of an event whose records end with PERF_SAMPLE_ID and PERF_SAMPLE_CPU.
inline Bytes LostCopies(const Who& who, uint64_t lost) {
  Bytes out = Header(PERF_RECORD_LOST, 0);
  Put(&out, who.id);
  Put(&out, lost);
  Put(&out, who.pid);
  Put(&out, who.tid);
  Put(&out, who.time);
  Put(&out, who.id);
  Put(&out, uint64_t{1});
  Put(&out, who.id);
  return Finish(out);
}

// The same of an event of who makes mappings: its records end with neither thread nor CPU.
inline Bytes LostMakerCopies(const Who& who, uint64_t lost) {
  Bytes out = Header(PERF_RECORD_LOST, 0);
  Put(&out, who.id);
  Put(&out, lost);
  Put(&out, who.time);
  Put(&out, who.id);
  return Finish(out);
}

}  // namespace test
}  // namespace pagefault
