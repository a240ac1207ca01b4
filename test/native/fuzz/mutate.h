// Damage to bytes: what hardware, a forger or a kernel of another version might make of them.
#pragma once

#include <algorithm>
#include <cstring>

#include "fuzz.h"

namespace pagefault {
namespace fuzz {

// Numbers at which arithmetic goes wrong.
inline uint64_t EdgeNumber(Random* random) {
  static const uint64_t kEdges[] = {0,
                                    1,
                                    2,
                                    3,
                                    4,
                                    7,
                                    8,
                                    16,
                                    0x7f,
                                    0x80,
                                    0xff,
                                    0xfff,
                                    0x1000,
                                    0x7fff,
                                    0x8000,
                                    0xffff,
                                    0x10000,
                                    0x7fffffff,
                                    0x80000000,
                                    0xffffffff,
                                    uint64_t{1} << 32,
                                    uint64_t{1} << 40,
                                    (uint64_t{1} << 47) - 1,
                                    uint64_t{1} << 52,
                                    uint64_t{1} << 53,
                                    (uint64_t{1} << 63) - 1,
                                    uint64_t{1} << 63,
                                    ~uint64_t{0} - 4095,
                                    ~uint64_t{0} - 1,
                                    ~uint64_t{0}};
  const uint64_t edge = kEdges[random->Below(sizeof kEdges / sizeof *kEdges)];
  switch (random->Below(4)) {
    case 0:
      return edge + random->Below(16) - 8;
    case 1:
      return random->Next() >> random->Below(64);
    default:
      return edge;
  }
}

inline void PutNumber(Random* random, uint8_t* at, size_t room) {
  const uint64_t number = EdgeNumber(random);
  const size_t width = std::min<size_t>(size_t{1} << random->Below(4), room);
  memcpy(at, &number, width);
}

// One to four changes that keep the length.
inline void Damage(Random* random, uint8_t* bytes, size_t length) {
  if (length == 0) return;
  for (uint64_t left = 1 + random->Below(4); left > 0; left--) {
    const size_t at = static_cast<size_t>(random->Below(length));
    switch (random->Below(4)) {
      case 0:
        bytes[at] = static_cast<uint8_t>(random->Next());
        break;
      case 1:
        bytes[at] ^= static_cast<uint8_t>(1u << random->Below(8));
        break;
      case 2: {
        // Fields of binary formats lie on multiples of their width.
        const size_t aligned = at & ~size_t{7};
        PutNumber(random, bytes + aligned, length - aligned);
        break;
      }
      default:
        PutNumber(random, bytes + at, length - at);
    }
  }
}

// The same for what has no fields of fixed length: pieces come, go and are repeated, too.
inline void DamageText(Random* random, Bytes* text, size_t max) {
  static const char* const kWords[] = {"\n",
                                       " ",
                                       "-",
                                       ":",
                                       ")",
                                       "(",
                                       "0",
                                       "ffffffffffffffff",
                                       "00000000",
                                       "\\012",
                                       "rwxp",
                                       "/",
                                       "18446744073709551616",
                                       "99999999999999999999999999999999",
                                       "VmFlags: um uw"};
  for (uint64_t left = 1 + random->Below(4); left > 0; left--) {
    const size_t at = static_cast<size_t>(random->Below(text->size() + 1));
    const size_t end = std::min(text->size(), at + static_cast<size_t>(random->Below(24)));
    const auto from = text->begin() + static_cast<ptrdiff_t>(at);
    const auto to = text->begin() + static_cast<ptrdiff_t>(end);
    switch (random->Below(5)) {
      case 0:
        text->erase(from, to);
        break;
      case 1: {
        const char* word = kWords[random->Below(sizeof kWords / sizeof *kWords)];
        text->insert(from, word, word + strlen(word));
        break;
      }
      case 2: {
        const Bytes piece(from, to);
        for (uint64_t n = random->Below(8); n > 0; n--) {
          text->insert(text->begin() + static_cast<ptrdiff_t>(at), piece.begin(), piece.end());
        }
        break;
      }
      default:
        if (at < text->size()) (*text)[at] = static_cast<uint8_t>(random->Next());
    }
  }
  if (text->size() > max) text->resize(max);
}

// Reads what an input says. Beyond its end everything is 0.
class Script {
 public:
  explicit Script(const Bytes& bytes) : bytes_(bytes) {}
  bool done() const { return at_ >= bytes_.size(); }
  template <typename T>
  T Take() {
    T value = 0;
    const size_t n = std::min(sizeof value, bytes_.size() - at_);
    if (n > 0) memcpy(&value, bytes_.data() + at_, n);
    at_ += n;
    return value;
  }
  Bytes Take(size_t length) {
    const size_t n = std::min(length, bytes_.size() - at_);
    const auto from = bytes_.begin() + static_cast<ptrdiff_t>(at_);
    at_ += n;
    return Bytes(from, from + static_cast<ptrdiff_t>(n));
  }
  Bytes Rest() { return Take(bytes_.size() - at_); }

 private:
  const Bytes& bytes_;
  size_t at_ = 0;
};

}  // namespace fuzz
}  // namespace pagefault
