#include "record/compressor.h"

#ifdef PAGEFAULT_ZSTD
#include <linux/perf_event.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>

#include "perfdata/format.h"
#endif

namespace pagefault {
namespace perfdata {

#ifdef PAGEFAULT_ZSTD

namespace {
// header.size is a u16.
constexpr size_t kRecordRoom = 0xffff - sizeof(perf_event_header);
}  // namespace

bool Compressor::Built() {
  return true;
}

Compressor::~Compressor() {
  ZSTD_freeCStream(static_cast<ZSTD_CStream*>(stream_));
}

bool Compressor::Compress(const std::vector<uint8_t>& records, std::vector<uint8_t>* out) {
  if (stream_ == nullptr) {
    stream_ = ZSTD_createCStream();
    if (stream_ == nullptr ||
        ZSTD_isError(ZSTD_initCStream(static_cast<ZSTD_CStream*>(stream_), kLevel)) != 0) {
      return false;
    }
  }
  ZSTD_CStream* stream = static_cast<ZSTD_CStream*>(stream_);
  for (size_t at = 0; at < records.size(); at += kInput) {
    ZSTD_inBuffer from = {records.data() + at, std::min(kInput, records.size() - at), 0};
    // Flushed: what was written is there for those that read a recording that was cut off.
    for (size_t left = 1; left != 0;) {
      const size_t begin = out->size();
      out->resize(begin + sizeof(perf_event_header) + kRecordRoom);
      ZSTD_outBuffer to = {out->data() + begin + sizeof(perf_event_header), kRecordRoom, 0};
      left = ZSTD_compressStream2(stream, &to, &from, ZSTD_e_flush);
      if (ZSTD_isError(left) != 0) return false;
      const perf_event_header header = {kCompressed, 0,
                                        static_cast<uint16_t>(sizeof(perf_event_header) + to.pos)};
      memcpy(out->data() + begin, &header, sizeof header);
      out->resize(to.pos == 0 ? begin : begin + sizeof header + to.pos);
    }
  }
  return true;
}

#else

bool Compressor::Built() {
  return false;
}

Compressor::~Compressor() = default;

bool Compressor::Compress(const std::vector<uint8_t>&, std::vector<uint8_t>*) {
  return false;
}

#endif

}  // namespace perfdata
}  // namespace pagefault
