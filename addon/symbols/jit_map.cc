#include "jit_map.h"

#include <errno.h>
#include <unistd.h>

#include <vector>

#include "demangle.h"

namespace pagefault {
namespace symbols {

namespace {

constexpr uint64_t kMaxBytes = 64 << 20;
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

void JitMap::Read(const Fd& file) {
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
  code_.Build();
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
  if (!Number(&from, end, &start) || !Number(&from, end, &size) || from == end) return;
  code_.Add(start, size, from, static_cast<size_t>(end - from));
}

}  // namespace symbols
}  // namespace pagefault
