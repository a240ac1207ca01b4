// Rows for tests of the mailbox, each of which differs from the others in every column.
#pragma once

#include "wire/mailbox.h"

namespace pagefault {
namespace test {

inline FaultRow Fault(uint64_t number, uint8_t how = kFlagMin) {
  FaultRow row{};
  row.time = number;
  row.latency = static_cast<int64_t>(number) + 1;
  row.address = number * 0x100000001;
  row.ip = ~row.address;
  row.pid = static_cast<uint32_t>(number) + 2;
  row.tid = static_cast<uint32_t>(number) + 3;
  row.error_code = static_cast<uint16_t>(number);
  row.flags = how;
  row.signal = static_cast<uint8_t>(number * 3);
  return row;
}

}  // namespace test
}  // namespace pagefault
