// Records as perf compresses them (-z): one zstd stream through all compressed records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pagefault {
namespace perfdata {

class Compressor {
 public:
  // perf's own level: records differ in little, and nobody shall wait for it.
  static constexpr int kLevel = 1;
  // Bytes that go in at a time, and the most that come out of one compressed record: it may hold
  // what zstd kept back of the one before.
  static constexpr size_t kInput = 512 << 10;
  static constexpr uint32_t kLargestOutput = 1 << 20;

  // Whether we are built with zstd.
  static bool Built();

  Compressor() = default;
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;
  ~Compressor();

  // Appends compressed records, out of which all of `records` comes. False where there is no
  // memory.
  bool Compress(const std::vector<uint8_t>& records, std::vector<uint8_t>* out);

 private:
  void* stream_ = nullptr;
};

}  // namespace perfdata
}  // namespace pagefault
