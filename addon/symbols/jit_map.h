// The map that makers of code write for perf (/tmp/perf-PID.map,
// tools/perf/Documentation/jit-interface.txt): a line per function, "START SIZE NAME", in hex.
#pragma once

#include <string>

#include "../util/fd.h"
#include "jit_code.h"

namespace pagefault {
namespace symbols {

class JitMap {
 public:
  // Reads what has come since. A file that has become shorter is another one.
  void Read(const Fd& file);
  const JitCode& code() const { return code_; }

 private:
  void Push(const char* bytes, size_t length);
  void Line(const char* from, const char* end);

  uint64_t read_ = 0;
  std::string line_;
  bool skip_ = false;
  JitCode code_;
};

}  // namespace symbols
}  // namespace pagefault
