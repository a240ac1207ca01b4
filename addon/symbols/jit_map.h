// Code that was made at run time, by the map that its maker writes for perf (/tmp/perf-PID.map,
// tools/perf/Documentation/jit-interface.txt): a line per function, "START SIZE NAME", in hex.
#pragma once

#include <string>
#include <vector>

#include "../util/fd.h"
#include "layers.h"
#include "names_answer.h"

namespace pagefault {
namespace symbols {

class JitMap {
 public:
  // Reads what has come since. A file that has become shorter is another one.
  void Read(Fd file);
  // Places as protocol.h has them, by address.
  void Answer(reader::Input* places, size_t count, NamesAnswer* out);

  void Push(const char* bytes, size_t length);
  void Build() { ranges_.Build(true); }

 private:
  struct Entry {
    uint64_t start;
    uint32_t name, length;  // in names_
  };
  void Line(const char* from, const char* end);

  uint64_t read_ = 0;
  std::string line_;
  bool skip_ = false;
  std::vector<Entry> entries_;
  std::string names_;
  Layers ranges_;
};

}  // namespace symbols
}  // namespace pagefault
