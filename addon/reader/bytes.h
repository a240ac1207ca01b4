// Fields of a frame: read with bounds, written with a cap. Little-endian, no padding.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace pagefault {
namespace reader {

// What a request holds. A field beyond the end reads as 0 and makes the whole invalid.
class Input {
 public:
  Input(const uint8_t* bytes, size_t length) : at_(bytes), end_(bytes + length) {}
  uint8_t U8() { return Number<uint8_t>(); }
  uint16_t U16() { return Number<uint16_t>(); }
  uint32_t U32() { return Number<uint32_t>(); }
  uint64_t U64() { return Number<uint64_t>(); }
  // The next `length` bytes. False where there are not so many.
  bool Text(size_t length, std::string* out) {
    const uint8_t* begin = at_;
    if (!Skip(length)) return false;
    out->assign(reinterpret_cast<const char*>(begin), length);
    return true;
  }
  // All that is left.
  std::string Rest() {
    std::string rest(reinterpret_cast<const char*>(at_), left());
    at_ = end_;
    return rest;
  }
  // The same, unread.
  bool Skip(size_t length) {
    valid_ = valid_ && left() >= length;
    if (valid_) at_ += length;
    return valid_;
  }
  // Everything that was asked for was there.
  bool valid() const { return valid_; }
  // Everything was there and nothing is left.
  bool Exact() const { return valid_ && at_ == end_; }

 private:
  size_t left() const { return static_cast<size_t>(end_ - at_); }
  template <typename T>
  T Number() {
    T value = 0;
    if (left() < sizeof value) {
      valid_ = false;
      at_ = end_;
      return 0;
    }
    memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    return value;
  }
  const uint8_t* at_;
  const uint8_t* end_;
  bool valid_ = true;
};

// What an answer holds.
class Output {
 public:
  void U8(uint8_t value) { Raw(&value, sizeof value); }
  void U16(uint16_t value) { Raw(&value, sizeof value); }
  void U32(uint32_t value) { Raw(&value, sizeof value); }
  void U64(uint64_t value) { Raw(&value, sizeof value); }
  void F64(double value) { Raw(&value, sizeof value); }
  void Raw(const void* bytes, size_t length) {
    const uint8_t* from = static_cast<const uint8_t*>(bytes);
    bytes_.insert(bytes_.end(), from, from + length);
  }
  void Clear() { bytes_.clear(); }
  std::vector<uint8_t>& bytes() { return bytes_; }
  const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
};

}  // namespace reader
}  // namespace pagefault
