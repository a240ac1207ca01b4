// Code that was made at run time: ranges of addresses and their names, the later ones before the
// earlier, because code moves and its place is used again.
#pragma once

#include <string>
#include <vector>

#include "layers.h"
#include "names_answer.h"

namespace pagefault {
namespace symbols {

class JitCode {
 public:
  static constexpr uint32_t kNone = Layers::kNone;

  // The number of the function. kNone where its end lies beyond the last address, or there are too
  // many.
  uint32_t Add(uint64_t start, uint64_t size, const char* name, size_t length);
  // One more range of a function that is there already.
  void Move(uint32_t function, uint64_t start, uint64_t size);
  // After the last Add, as often as more has come.
  void Build() { ranges_.Build(true); }
  // Places as protocol.h has them, by address.
  void Answer(reader::Input* places, size_t count, NamesAnswer* out) const;

 private:
  struct Entry {
    uint64_t start;
    uint32_t name, length;  // in names_
  };
  std::vector<Entry> entries_;
  std::string names_;
  Layers ranges_;
};

}  // namespace symbols
}  // namespace pagefault
