// The file in which makers of code tell perf of it together with the code itself (jit-PID.dump,
// tools/perf/Documentation/jitdump-specification.txt). Only functions are taken: what records of
// source lines count their addresses from is another thing to each maker.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "../util/fd.h"
#include "jit_code.h"

namespace pagefault {
namespace symbols {

class JitDump {
 public:
  // Reads the records that have come since. A file that has become shorter is another one, and one
  // that breaks the rules is read up to there.
  void Read(const Fd& file);
  const JitCode& code() const { return code_; }

 private:
  // Bytes of the file at `offset`, as many as there are and are wanted at most.
  const uint8_t* At(const Fd& file, uint64_t offset, size_t wanted, size_t* length);
  bool ReadHeader(const Fd& file);
  // False at the end of what is there.
  bool ReadRecord(const Fd& file);
  void Load(const uint8_t* record, size_t length);
  void Move(const uint8_t* record, size_t length);

  uint64_t next_ = 0;  // where the next record begins, 0 before the header
  uint64_t size_ = 0;
  std::vector<uint8_t> piece_;
  uint64_t piece_at_ = 0;
  size_t records_ = 0;
  bool broken_ = false;
  std::unordered_map<uint64_t, uint32_t> functions_;  // in code_, by code_index
  JitCode code_;
};

}  // namespace symbols
}  // namespace pagefault
