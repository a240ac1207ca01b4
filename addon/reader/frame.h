// Requests and answers on stdin and stdout. src/sources/reader/frame.ts is the other side.
//
//   request   u32 length of what follows, u32 id, u8 operation, payload
//   answer    u32 length of what follows, u32 id, u8 operation, i32 errno, payload
#pragma once

#include "bytes.h"

namespace pagefault {
namespace reader {

constexpr size_t kRequestHead = 5;
constexpr size_t kAnswerHead = 9;
// The longest names are some paths of PATH_MAX.
constexpr size_t kMaxRequest = 64 << 10;
// maps of 65,530 mappings takes 6 MB as a rule.
constexpr size_t kMaxAnswer = 64 << 20;

struct Request {
  uint32_t id = 0;
  uint8_t operation = 0;
  std::vector<uint8_t> payload;
};

// False at the end of the stream, and for a frame that is none: there is no way to find the next.
bool ReadRequest(int fd, Request* out);

// An answer longer than kMaxAnswer is cut. False when nobody reads any more.
bool WriteAnswer(int fd, const Request& request, int error, const std::vector<uint8_t>& payload);

}  // namespace reader
}  // namespace pagefault
