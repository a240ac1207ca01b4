// The bytes of a recording, front to back, and for a file also those at a place of it. Memory is
// taken for bytes that are there, never for a size that the file claims.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pagefault {
namespace perfdata {

class ByteInput {
 public:
  // Does not close `fd`.
  explicit ByteInput(int fd);

  // Whether it is a file, which has places; a pipe only goes on.
  bool seekable() const { return size_ != kEndless; }
  // Bytes of the file.
  uint64_t size() const { return size_; }
  // errno of a read that failed, 0 for none.
  int error() const { return error_; }

  // From here to `end`, or to the end of the file.
  void Limit(uint64_t begin, uint64_t end);
  // The next `length` bytes in one piece, until the next call; nullptr where there are not so many.
  const uint8_t* Peek(size_t length);
  void Skip(size_t length) { at_ += length; }  // of what Peek has shown
  size_t buffered() const { return bytes_.size() - at_; }

  // Bytes [offset, offset + length) of a file, or fewer where it ends before.
  std::vector<uint8_t> At(uint64_t offset, uint64_t length);

 private:
  static constexpr uint64_t kEndless = ~uint64_t{0};
  // False at the end.
  bool ReadChunk();

  int fd_;
  uint64_t size_ = kEndless;
  uint64_t position_ = 0;  // of the byte behind those in bytes_
  uint64_t end_ = kEndless;
  int error_ = 0;
  std::vector<uint8_t> bytes_;
  size_t at_ = 0;
};

}  // namespace perfdata
}  // namespace pagefault
