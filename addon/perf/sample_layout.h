// What the records of one event look like, as its perf_event_attr says: perf_output_sample and
// __perf_event__output_id_sample, kernel/events/core.c.
//
//   sample   header, then what was asked for, in this order: [identifier] [ip] [thread] [time]
//            [address] [id] [stream] [cpu] [period] [values], all of fixed length; [call chain]
//            [raw data] [user registers] [user stack], which vary from sample to sample; [source]
//            [cgroup]
//   others   header, what their type says, and with sample_id_all: [thread] [time] [id] [stream]
//            [cpu] [identifier]
//
// Every field costs the target some 30 ns per sample, the thread (which the kernel translates into
// our pid namespace) 80 ns. So samples of tracepoints do without it where their raw data has the
// same number (common_pid: that of the initial namespace), and only new threads' samples and those
// of stacks have registers.
#pragma once

#include <linux/perf_event.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace pagefault {

template <typename T>
T Load(const uint8_t* bytes) {
  T value;
  memcpy(&value, bytes, sizeof value);  // records are 8-byte aligned, their parts need not be
  return value;
}

constexpr size_t kRecordHeader = sizeof(perf_event_header);
// PERF_FORMAT_LOST of Linux 6.0. It is an enumerator: the preprocessor cannot tell which headers
// have it.
constexpr uint64_t kFormatLost = 1 << 4;

// PERF_SAMPLE_CGROUP and PERF_RECORD_CGROUP of Linux 5.7, which headers may lack.
constexpr uint64_t kSampleCgroup = 1 << 21;
constexpr uint32_t kRecordCgroup = 19;

inline bool IsSample(const uint8_t* bytes) {
  return Load<uint32_t>(bytes) == PERF_RECORD_SAMPLE;
}

struct SampleLayout {
  // Bytes from the start of a sample; 0: not there.
  uint8_t ip = 0;
  uint8_t thread = 0;  // u32 pid, tid
  uint8_t time = 0;
  uint8_t address = 0;
  uint8_t fixed = 0;   // where the parts of fixed length end
  uint8_t source = 0;  // u64 data source, where nothing whose length varies lies before it
  bool callchain = false;
  bool raw = false;
  bool time_in_raw = false;    // u64, with which the raw data begins
  uint8_t user_registers = 0;  // how many
  bool user_stack = false;
  bool cgroup = false;
  // Of other records, bytes from their end; 0: not there.
  uint8_t trailer = 0;
  uint8_t trailer_time = 0;
};

// That READ is not of a group is taken for granted: its length varies. So is that there are no
// branches (PERF_SAMPLE_BRANCH_STACK), which lie before the registers.
SampleLayout LayoutOf(const perf_event_attr& attr);

// Where the parts of one sample lie whose length varies.
struct SampleParts {
  const uint8_t* callchain = nullptr;  // u64 each
  uint64_t callchain_size = 0;
  const uint8_t* raw = nullptr;
  size_t raw_size = 0;
  const uint8_t* registers = nullptr;  // u64 each; nullptr: the thread had none of user mode
  uint64_t abi = 0;                    // of those, PERF_SAMPLE_REGS_ABI_*
  const uint8_t* stack = nullptr;      // from the stack pointer on
  size_t stack_size = 0;
  uint64_t cgroup = 0;  // its id; 0: not told
};

// u64 size, then, where that is not 0, so many bytes and u64 how many of them were there to copy.
inline bool FindStack(const uint8_t* bytes, size_t at, size_t length, SampleParts* out) {
  if (length - at < 8) return false;
  const uint64_t size = Load<uint64_t>(bytes + at);
  at += 8;
  if (size == 0) return true;
  if (size > length - at || length - at - size < 8) return false;
  const uint64_t copied = Load<uint64_t>(bytes + at + size);
  if (copied > size) return false;
  out->stack = bytes + at;
  out->stack_size = copied;
  return true;
}

// False when a part would end behind the sample. Registers that would are left out.
inline bool FindParts(const SampleLayout& layout, const uint8_t* bytes, size_t length,
                      SampleParts* out) {
  size_t at = layout.fixed;
  if (at > length) return false;
  if (layout.callchain) {  // u64 count, addresses
    if (length - at < 8) return false;
    out->callchain_size = Load<uint64_t>(bytes + at);
    at += 8;
    if (out->callchain_size > (length - at) / 8) return false;
    out->callchain = bytes + at;
    at += out->callchain_size * 8;
  }
  if (layout.raw) {  // u32 size, data; padded so that 8 bytes divide them together
    if (length - at < 4) return false;
    out->raw_size = Load<uint32_t>(bytes + at);
    at += 4;
    if (out->raw_size > length - at) return false;
    out->raw = bytes + at;
    at += out->raw_size;
  }
  if (layout.user_registers > 0) {  // u64 abi, values (abi 0: none)
    if (length - at < 8) return !layout.user_stack;
    out->abi = Load<uint64_t>(bytes + at);
    at += 8;
    const size_t values = out->abi == 0 ? 0 : size_t{8} * layout.user_registers;
    if (length - at < values) return !layout.user_stack;
    if (values > 0) out->registers = bytes + at;
    at += values;
  }
  if (layout.user_stack) return FindStack(bytes, at, length, out);
  if (!layout.cgroup) return true;
  if (length - at < 8) return false;
  out->cgroup = Load<uint64_t>(bytes + at);
  return true;
}

}  // namespace pagefault
