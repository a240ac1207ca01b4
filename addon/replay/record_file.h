// A recording as the records in it, in the order in which they were written: from a file or a pipe,
// whole or cut off, compressed or not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "perfdata/format.h"
#include "replay/byte_input.h"
#include "replay/decompressor.h"
#include "replay/head.h"

namespace pagefault {
namespace perfdata {

// Why a recording cannot be read, or ends early. The names are those that src/core/facts has words
// for.
enum class Trouble : uint8_t {
  kNone,
  kUnreadable,   // read(2) failed: error()
  kEmpty,        // nothing in it
  kNotPerfData,  // another kind of file
  kByteOrder,    // of a machine of the other byte order
  kHead,         // a head that cannot be one
  kForwardOnly,  // the form for files, through a pipe
  kNoEvents,     // no page faults
  kIdentity,     // records that cannot be told apart
  kCompressed,   // damaged, or not what we are built with
  kNotBuilt,     // compressed, and built without zstd
  kBomb,         // more comes out than can have been put in
  kCutOff,       // ends in the middle of a record, or of the file
  kDamaged,      // a record whose size cannot be right
};

class RecordFile {
 public:
  explicit RecordFile(int fd) : input_(fd) {}

  // Reads the head. False where there is no more to read.
  bool Open();
  const Head& head() const { return head_; }

  // It can be read once more.
  bool seekable() const { return input_.seekable(); }
  uint64_t size() const { return input_.size(); }
  // The next record, at least a header long, until the next call. False at the end.
  bool Next(const uint8_t** bytes, size_t* length);

  // Of Open that has failed, and after the last record.
  Trouble trouble() const { return trouble_; }
  int error() const { return input_.error(); }

 private:
  bool OpenFile();
  bool ReadEvents(const std::vector<uint8_t>& attrs, uint64_t attr_size);
  void ReadFeatures(const FileHeader& header, uint64_t data_end);
  bool FromCompressed(const uint8_t** bytes, size_t* length);
  bool FromFile(const uint8_t** bytes, size_t* length);
  // What a user record is for us. False at the end.
  bool TakeUserRecord(uint32_t type, const uint8_t* bytes, size_t length);
  bool PushCompressed(uint32_t type, const uint8_t* bytes, size_t length);
  bool TakeTracingData(uint64_t length);
  bool SkipBehind(uint64_t length);
  bool End(Trouble trouble);

  ByteInput input_;
  Head head_;
  Decompressor decompressor_;
  std::vector<uint8_t> decompressed_;
  size_t decompressed_at_ = 0;
  size_t shown_ = 0;  // bytes of input_ that the last record took
  Trouble trouble_ = Trouble::kNone;
  bool unfinished_ = false;  // recorded by a program that did not come to its end
};

}  // namespace perfdata
}  // namespace pagefault
