#include "replay/decompressor.h"

#ifdef PAGEFAULT_ZSTD
#include <zstd.h>
#endif

namespace pagefault {
namespace perfdata {

#ifdef PAGEFAULT_ZSTD

namespace {
constexpr size_t kStep = 256 << 10;
// Faults compress to a twentieth; no records that differ in their times come near this.
constexpr uint64_t kLargestRatio = 2000;
constexpr uint64_t kSmall = 64 << 20;
}  // namespace

Decompressor::~Decompressor() {
  ZSTD_freeDStream(static_cast<ZSTD_DStream*>(stream_));
}

void Decompressor::Push(const uint8_t* bytes, size_t length) {
  in_.erase(in_.begin(), in_.begin() + static_cast<ptrdiff_t>(at_));
  at_ = 0;
  in_.insert(in_.end(), bytes, bytes + length);
  taken_ += length;
}

Decompressor::Result Decompressor::Decompress(std::vector<uint8_t>* out) {
  if (at_ == in_.size() && !more_) return Result::kOk;
  if (stream_ == nullptr) stream_ = ZSTD_createDStream();
  if (stream_ == nullptr) return Result::kDamaged;
  const size_t have = out->size();
  out->resize(have + kStep);
  ZSTD_inBuffer from = {in_.data(), in_.size(), at_};
  ZSTD_outBuffer to = {out->data() + have, kStep, 0};
  const size_t left = ZSTD_decompressStream(static_cast<ZSTD_DStream*>(stream_), &to, &from);
  at_ = from.pos;
  more_ = to.pos == to.size;
  made_ += to.pos;
  out->resize(have + to.pos);
  if (ZSTD_isError(left) != 0) return Result::kDamaged;
  if (made_ > kSmall && made_ / kLargestRatio > taken_) return Result::kBomb;
  return Result::kOk;
}

#else

Decompressor::~Decompressor() = default;

void Decompressor::Push(const uint8_t*, size_t length) {
  taken_ += length;
}

Decompressor::Result Decompressor::Decompress(std::vector<uint8_t>*) {
  return taken_ > 0 ? Result::kNotBuilt : Result::kOk;
}

#endif

}  // namespace perfdata
}  // namespace pagefault
