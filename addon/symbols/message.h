// Messages between pagefault-reader and pagefault-symbols on a SOCK_SEQPACKET socket.
//
//   first packet   u32 length of the payload, u8 what it is, the payload's beginning, and at most
//                  one open file (SCM_RIGHTS)
//   then           packets with the rest
#pragma once

#include <cstdint>
#include <vector>

#include "../util/fd.h"

namespace pagefault {
namespace symbols {

// No answer to kMaxPlaces places is longer.
constexpr size_t kMaxMessage = 16 << 20;
constexpr int64_t kForever = -1;

struct Message {
  uint8_t what = 0;
  std::vector<uint8_t> payload;
  Fd file;
};

// CLOCK_MONOTONIC, ns: what deadlines are compared with.
int64_t Now();

// Both return 0, ETIMEDOUT, EPIPE where the other side is gone, EPROTO for what is no message, or
// another errno. `file` is -1 or an open file for the other side.
int SendMessage(int socket, uint8_t what, const std::vector<uint8_t>& payload, int file,
                int64_t deadline);
int ReceiveMessage(int socket, int64_t deadline, Message* out);

}  // namespace symbols
}  // namespace pagefault
