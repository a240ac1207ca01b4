// Records that perf has compressed: one zstd stream through all of the compressed records, whose
// pieces end anywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pagefault {
namespace perfdata {

class Decompressor {
 public:
  enum class Result : uint8_t { kOk, kDamaged, kBomb, kNotBuilt };

  Decompressor() = default;
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;
  ~Decompressor();

  // The next piece of the stream. It is kept until Decompress has used it up.
  void Push(const uint8_t* bytes, size_t length);
  // Adds some of what comes out to `out`, and nothing where all that was pushed is used up.
  Result Decompress(std::vector<uint8_t>* out);

 private:
  void* stream_ = nullptr;
  std::vector<uint8_t> in_;
  size_t at_ = 0;
  bool more_ = false;  // the last output was full
  uint64_t taken_ = 0;
  uint64_t made_ = 0;
};

}  // namespace perfdata
}  // namespace pagefault
