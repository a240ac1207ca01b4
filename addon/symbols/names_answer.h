// The names of places, as they go from pagefault-symbols through the reader to the analyzer
// (src/sources/reader/names.ts).
//
//   u32 strings, each u16 length and the bytes
//   per place: u32 object (0: none, else a string's number + 1), u8 frames (kFrameless added where
//   no frame pointer is set up there, if that was asked), innermost first, each
//   u32 name, u64 offset from the start of the function or object (kNoOffset: not known), u32
//   source file, u32 line (0: not known)
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "../reader/bytes.h"

namespace pagefault {
namespace symbols {

constexpr size_t kMaxString = 4096;
constexpr size_t kMaxStringBytes = 4 << 20;
constexpr size_t kMaxFrames = 64;
constexpr uint8_t kFrameless = 0x80;
constexpr uint64_t kNoOffset = ~uint64_t{0};

struct NamedFrame {
  uint32_t name = 0;
  uint64_t offset = kNoOffset;
  uint32_t file = 0;
  uint32_t line = 0;
};

class NamesAnswer {
 public:
  // The number of a string, for a frame. What is longer than kMaxString is cut, and beyond
  // kMaxStringBytes in all there are none.
  uint32_t String(const std::string& text);
  // Of more than kMaxFrames those in the middle are left out.
  void Place(uint32_t object, const std::vector<NamedFrame>& frames, bool frameless = false);
  void Write(reader::Output* out) const;

 private:
  std::unordered_map<std::string, uint32_t> numbers_;
  std::vector<const std::string*> strings_;  // keys of numbers_, which stay where they are
  size_t bytes_ = 0;
  reader::Output places_;
};

// The answer holds the names of so many places, within all limits.
bool IsNamesAnswer(const std::vector<uint8_t>& payload, size_t places);

}  // namespace symbols
}  // namespace pagefault
