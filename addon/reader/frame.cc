#include "frame.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>

namespace pagefault {
namespace reader {

namespace {

bool ReadAll(int fd, void* to, size_t length) {
  uint8_t* at = static_cast<uint8_t*>(to);
  while (length > 0) {
    const ssize_t n = read(fd, at, length);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n;
    length -= static_cast<size_t>(n);
  }
  return true;
}

bool WriteAll(int fd, const void* from, size_t length) {
  const uint8_t* at = static_cast<const uint8_t*>(from);
  while (length > 0) {
    const ssize_t n = write(fd, at, length);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n;
    length -= static_cast<size_t>(n);
  }
  return true;
}

}  // namespace

bool ReadRequest(int fd, Request* out) {
  uint32_t length;
  if (!ReadAll(fd, &length, sizeof length)) return false;
  if (length < kRequestHead || length > kMaxRequest) return false;
  if (!ReadAll(fd, &out->id, sizeof out->id)) return false;
  if (!ReadAll(fd, &out->operation, sizeof out->operation)) return false;
  out->payload.resize(length - kRequestHead);
  return ReadAll(fd, out->payload.data(), out->payload.size());
}

bool WriteAnswer(int fd, const Request& request, int error, const std::vector<uint8_t>& payload) {
  const size_t length = std::min(payload.size(), kMaxAnswer - kAnswerHead);
  Output head;
  head.U32(static_cast<uint32_t>(kAnswerHead + length));
  head.U32(request.id);
  head.U8(request.operation);
  head.U32(static_cast<uint32_t>(error));
  return WriteAll(fd, head.bytes().data(), head.bytes().size()) &&
         WriteAll(fd, payload.data(), length);
}

}  // namespace reader
}  // namespace pagefault
