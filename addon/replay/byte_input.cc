#include "replay/byte_input.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>

namespace pagefault {
namespace perfdata {

namespace {
constexpr size_t kChunk = 256 << 10;
}  // namespace

ByteInput::ByteInput(int fd) : fd_(fd) {
  // ESPIPE: a pipe. A terminal or a device reports no end that a seek would find, and is read on.
  const off_t end = lseek(fd, 0, SEEK_END);
  if (end > 0) size_ = end_ = static_cast<uint64_t>(end);
}

void ByteInput::Limit(uint64_t begin, uint64_t end) {
  position_ = std::min(begin, size_);
  end_ = std::min(end, size_);
  bytes_.clear();
  at_ = 0;
}

bool ByteInput::ReadChunk() {
  if (position_ >= end_ || error_ != 0) return false;
  const size_t have = bytes_.size();
  const size_t room = static_cast<size_t>(std::min<uint64_t>(kChunk, end_ - position_));
  bytes_.resize(have + room);
  ssize_t n;
  do {
    n = seekable() ? pread(fd_, bytes_.data() + have, room, static_cast<off_t>(position_))
                   : read(fd_, bytes_.data() + have, room);
  } while (n < 0 && errno == EINTR);
  if (n < 0) error_ = errno;
  bytes_.resize(have + static_cast<size_t>(std::max<ssize_t>(n, 0)));
  position_ += static_cast<uint64_t>(std::max<ssize_t>(n, 0));
  return n > 0;
}

const uint8_t* ByteInput::Peek(size_t length) {
  if (buffered() < length) {
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<ptrdiff_t>(at_));
    at_ = 0;
  }
  while (buffered() < length) {
    if (!ReadChunk()) return nullptr;
  }
  return bytes_.data() + at_;
}

std::vector<uint8_t> ByteInput::At(uint64_t offset, uint64_t length) {
  std::vector<uint8_t> out;
  if (!seekable() || offset >= size_) return out;
  out.resize(static_cast<size_t>(std::min(length, size_ - offset)));
  size_t have = 0;
  while (have < out.size()) {
    const ssize_t n =
        pread(fd_, out.data() + have, out.size() - have, static_cast<off_t>(offset + have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) error_ = errno;
    if (n <= 0) break;
    have += static_cast<size_t>(n);
  }
  out.resize(have);
  return out;
}

}  // namespace perfdata
}  // namespace pagefault
