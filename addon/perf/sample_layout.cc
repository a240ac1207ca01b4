#include "perf/sample_layout.h"

#include <initializer_list>

namespace pagefault {

namespace {

constexpr uint8_t kWord = 8;

// Of perf_event_attr.read_format, those that add a word.
constexpr uint64_t kReadParts =
    PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING | PERF_FORMAT_ID | kFormatLost;

// Parts before the data source whose length varies, or that are not looked for.
constexpr uint64_t kBeforeSource = PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_RAW |
                                   PERF_SAMPLE_BRANCH_STACK | PERF_SAMPLE_REGS_USER |
                                   PERF_SAMPLE_STACK_USER | PERF_SAMPLE_WEIGHT_TYPE;

// Parts between the raw data and the cgroup.
constexpr uint64_t kBeforeCgroup =
    PERF_SAMPLE_BRANCH_STACK | PERF_SAMPLE_STACK_USER | PERF_SAMPLE_WEIGHT_TYPE |
    PERF_SAMPLE_DATA_SRC | PERF_SAMPLE_TRANSACTION | PERF_SAMPLE_REGS_INTR | PERF_SAMPLE_PHYS_ADDR;

uint8_t Bits(uint64_t mask) {
  return static_cast<uint8_t>(__builtin_popcountll(mask));
}

}  // namespace

SampleLayout LayoutOf(const perf_event_attr& attr) {
  SampleLayout layout;
  const bool identified = (attr.sample_type & PERF_SAMPLE_IDENTIFIER) != 0;
  uint8_t at = static_cast<uint8_t>(kRecordHeader + (identified ? kWord : 0));
  const auto words = [&](uint64_t part, uint8_t count) -> uint8_t {
    if ((attr.sample_type & part) == 0) return 0;
    const uint8_t begin = at;
    at = static_cast<uint8_t>(at + kWord * count);
    return begin;
  };
  layout.ip = words(PERF_SAMPLE_IP, 1);
  layout.thread = words(PERF_SAMPLE_TID, 1);
  layout.time = words(PERF_SAMPLE_TIME, 1);
  layout.address = words(PERF_SAMPLE_ADDR, 1);
  for (const uint64_t part :
       {PERF_SAMPLE_ID, PERF_SAMPLE_STREAM_ID, PERF_SAMPLE_CPU, PERF_SAMPLE_PERIOD}) {
    words(part, 1);
  }
  words(PERF_SAMPLE_READ, static_cast<uint8_t>(1 + Bits(attr.read_format & kReadParts)));
  layout.fixed = at;
  const bool sourced = (attr.sample_type & PERF_SAMPLE_DATA_SRC) != 0;
  if (sourced && (attr.sample_type & kBeforeSource) == 0) layout.source = at;
  layout.callchain = (attr.sample_type & PERF_SAMPLE_CALLCHAIN) != 0;
  layout.raw = (attr.sample_type & PERF_SAMPLE_RAW) != 0;
  if ((attr.sample_type & PERF_SAMPLE_REGS_USER) != 0) {
    layout.user_registers = Bits(attr.sample_regs_user);
  }
  // What is behind the stack is not looked for.
  layout.cgroup =
      (attr.sample_type & kSampleCgroup) != 0 && (attr.sample_type & kBeforeCgroup) == 0;
  layout.user_stack = (attr.sample_type & PERF_SAMPLE_STACK_USER) != 0;
  if (attr.sample_id_all == 0) return layout;
  const uint64_t behind_time =
      PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU | PERF_SAMPLE_IDENTIFIER;
  layout.trailer = static_cast<uint8_t>(kWord * Bits(attr.sample_type & behind_time));
  if ((attr.sample_type & PERF_SAMPLE_TIME) != 0) layout.trailer_time = layout.trailer += kWord;
  if ((attr.sample_type & PERF_SAMPLE_TID) != 0) layout.trailer += kWord;
  return layout;
}

}  // namespace pagefault
