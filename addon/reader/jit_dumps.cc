#include "jit_dumps.h"

#include <cstdlib>
#include <cstring>

#include "../symbols/message.h"

namespace pagefault {
namespace reader {

namespace {

constexpr size_t kMaxFound = 1024;
// Makers of code begin with their dump, or are told to begin at any time (Java's agents).
constexpr int64_t kKeptNs = 1'000'000'000;

constexpr char kPrefix[] = "jit-";
constexpr char kSuffix[] = ".dump";

// Of a line of maps whose path ends with jit-NUMBER.dump, also where the file is deleted.
bool IsDump(std::string line, uint32_t* number) {
  constexpr char kDeleted[] = " (deleted)";
  const auto ends = [&](const char* with) {
    const size_t n = strlen(with);
    return line.size() >= n && line.compare(line.size() - n, n, with) == 0;
  };
  if (ends(kDeleted)) line.resize(line.size() - strlen(kDeleted));
  if (!ends(kSuffix)) return false;
  line.resize(line.size() - strlen(kSuffix));
  const size_t slash = line.rfind('/');
  if (slash == std::string::npos || line.compare(slash + 1, strlen(kPrefix), kPrefix) != 0) {
    return false;
  }
  const std::string digits = line.substr(slash + 1 + strlen(kPrefix));
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos) return false;
  *number = static_cast<uint32_t>(strtoul(digits.c_str(), nullptr, 10));
  return true;
}

// "START-END r-xp ...".
bool IsCode(const std::string& line) {
  const size_t blank = line.find(' ');
  return blank != std::string::npos && blank + 3 < line.size() && line[blank + 3] == 'x';
}

}  // namespace

std::string JitDumpInMaps(const char* text, size_t length, uint32_t own) {
  std::string range;
  bool is_own = false;
  const char* const end = text + length;
  for (const char* from = text; from < end;) {
    const void* newline = memchr(from, '\n', static_cast<size_t>(end - from));
    const char* const to = newline == nullptr ? end : static_cast<const char*>(newline);
    const std::string line(from, to);
    uint32_t number;
    if (IsCode(line) && IsDump(line, &number) && (number == own || !is_own)) {
      range = line.substr(0, line.find(' '));
      is_own = number == own;
    }
    from = to + 1;
  }
  return range;
}

const std::string* JitDumps::Find(uint32_t pid) const {
  const auto found = found_.find(pid);
  if (found == found_.end() || symbols::Now() - found->second.since >= kKeptNs) return nullptr;
  return &found->second.range;
}

void JitDumps::Keep(uint32_t pid, const std::string& range) {
  if (found_.size() >= kMaxFound) found_.clear();
  found_[pid] = {range, symbols::Now()};
}

}  // namespace reader
}  // namespace pagefault
