#include "jit_map.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>

#include "demangle.h"

namespace pagefault {
namespace symbols {

namespace {

constexpr uint64_t kMaxBytes = 64 << 20;
constexpr size_t kMaxEntries = 1 << 20;
constexpr size_t kMaxLine = kMaxName + 64;

// A hexadecimal number and the blank behind it. False where there is none.
bool Number(const char** at, const char* end, uint64_t* out) {
  const char* from = *at;
  if (end - from > 2 && from[0] == '0' && from[1] == 'x') from += 2;
  uint64_t value = 0;
  int digits = 0;
  for (; from < end && digits <= 16; from++, digits++) {
    const char c = *from;
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) break;
    value = value << 4 | static_cast<uint64_t>(digit);
  }
  if (digits == 0 || digits > 16 || from == end || *from != ' ') return false;
  *at = from + 1;
  *out = value;
  return true;
}

}  // namespace

void JitMap::Read(Fd file) {
  // Not by fstat(2), which some C libraries make of a call that takes paths.
  const off_t size = lseek(file.get(), 0, SEEK_END);
  if (size < 0 || static_cast<uint64_t>(size) < read_) *this = JitMap();
  std::vector<char> piece(256 << 10);
  while (read_ < kMaxBytes) {
    const ssize_t n = pread(file.get(), piece.data(), piece.size(), static_cast<off_t>(read_));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    read_ += static_cast<uint64_t>(n);
    Push(piece.data(), static_cast<size_t>(n));
  }
  Build();
}

void JitMap::Push(const char* bytes, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (bytes[i] == '\n') {
      if (!skip_) Line(line_.data(), line_.data() + line_.size());
      line_.clear();
      skip_ = false;
    } else if (line_.size() < kMaxLine) {
      line_.push_back(bytes[i]);
    } else {
      skip_ = true;
    }
  }
}

// Names may hold blanks.
void JitMap::Line(const char* from, const char* end) {
  uint64_t start, size;
  if (entries_.size() >= kMaxEntries || !Number(&from, end, &start) || !Number(&from, end, &size) ||
      from == end || size > ~uint64_t{0} - start) {
    return;
  }
  const uint32_t number = static_cast<uint32_t>(entries_.size());
  // Code moves, and its place is used again: a later line is right.
  ranges_.Add(start, start + size, number, number);
  entries_.push_back(
      {start, static_cast<uint32_t>(names_.size()), static_cast<uint32_t>(end - from)});
  names_.append(from, end);
}

void JitMap::Answer(reader::Input* places, size_t count, NamesAnswer* out) {
  std::vector<NamedFrame> frames;
  for (size_t i = 0; i < count; i++) {
    places->U8();
    const uint64_t address = places->U64();
    const uint32_t found = ranges_.Find(address);
    frames.clear();
    if (found != Layers::kNone) {
      const Entry& entry = entries_[found];
      NamedFrame frame;
      frame.name = out->String(names_.substr(entry.name, entry.length));
      frame.offset = address - entry.start;
      frames.push_back(frame);
    }
    out->Place(0, frames);
  }
}

}  // namespace symbols
}  // namespace pagefault
