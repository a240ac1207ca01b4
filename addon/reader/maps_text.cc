#include "maps_text.h"

#include <cstdio>
#include <cstring>

namespace pagefault {
namespace reader {

namespace {

constexpr char kNewline[] = "\\012";
constexpr size_t kNewlineLength = sizeof kNewline - 1;

// End of the line that begins at `from`: its newline, or the end of the text.
const char* EndOfLine(const char* from, const char* end) {
  const void* newline = memchr(from, '\n', static_cast<size_t>(end - from));
  return newline == nullptr ? end : static_cast<const char*>(newline);
}

// The kernel escapes newlines and nothing else.
std::string Unescaped(const char* from, const char* end) {
  std::string name;
  while (from < end) {
    const bool newline = static_cast<size_t>(end - from) >= kNewlineLength &&
                         memcmp(from, kNewline, kNewlineLength) == 0;
    name += newline ? '\n' : *from;
    from += newline ? kNewlineLength : 1;
  }
  return name;
}

}  // namespace

std::string NameInMaps(const char* text, size_t length, uint64_t start) {
  char prefix[32];
  snprintf(prefix, sizeof prefix, "%08llx-", static_cast<unsigned long long>(start));
  const size_t prefix_length = strlen(prefix);
  const char* const end = text + length;
  for (const char* line = text; line < end;) {
    const char* const newline = EndOfLine(line, end);
    const size_t line_length = static_cast<size_t>(newline - line);
    if (line_length > prefix_length && memcmp(line, prefix, prefix_length) == 0) {
      // Blanks set off the name from the inode, and nothing before a path has a slash.
      const void* name = memchr(line, '/', line_length);
      return name == nullptr ? "" : Unescaped(static_cast<const char*>(name), newline);
    }
    line = newline + 1;
  }
  return "";
}

}  // namespace reader
}  // namespace pagefault
