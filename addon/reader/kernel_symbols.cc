#include "kernel_symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "../symbols/message.h"
#include "../util/fd.h"

namespace pagefault {
namespace reader {

namespace {

// 200 thousand symbols are 12 MB.
constexpr size_t kMaxText = 128 << 20;
// Neither is touched before it is needed, and neither moves on most kernels.
constexpr size_t kFunctions = 256 << 10;
constexpr size_t kNameBytes = 8 << 20;
// The kernel hands out a page at a time.
constexpr size_t kTextPiece = 8192;
constexpr int64_t kReadAgainNs = 60'000'000'000;
constexpr uint64_t kPageMask = 4095;

// Hands the file on in pieces.
template <typename Use>
int ReadPieces(const std::string& path, Use use) {
  Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.ok()) return errno;
  char piece[kTextPiece];
  for (size_t had = 0; had < kMaxText;) {
    const ssize_t n = read(file.get(), piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0 ? errno : 0;
    use(std::string_view(piece, static_cast<size_t>(n)));
    had += static_cast<size_t>(n);
  }
  return 0;
}

// The value of the hexadecimal digits that a text begins with, which are taken from it. False where
// there are none, or too many.
bool TakeHex(std::string_view* text, uint64_t* value) {
  size_t digits = 0;
  for (*value = 0; digits < text->size(); digits++) {
    const char c = (*text)[digits];
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) break;
    *value = *value << 4 | static_cast<uint64_t>(digit);
  }
  text->remove_prefix(digits);
  return digits > 0 && digits <= 16;
}

}  // namespace

int KernelSymbols::Refresh(const std::string& proc) {
  const int64_t now = symbols::Now();
  if (read_ == 0 || now - read_ > kReadAgainNs) {
    std::string modules;
    const int no_modules =
        ReadPieces(proc + "/modules", [&](std::string_view piece) { modules.append(piece); });
    // A kernel without modules has no such file.
    if (no_modules != 0 && no_modules != ENOENT) return no_modules;
    Begin(modules);
    const int error = ReadPieces(proc + "/kallsyms", [&](std::string_view piece) { Take(piece); });
    if (error != 0) return error;
    known_ = End();
    read_ = now;
  }
  return known_ ? 0 : EACCES;
}

void KernelSymbols::Begin(const std::string& modules) {
  functions_.clear();
  functions_.reserve(kFunctions);
  names_.clear();
  names_.reserve(kNameBytes);
  modules_.assign(1, Module{"", 0});
  text_end_ = init_end_ = 0;
  rest_.clear();
  std::string line;
  for (size_t from = 0; from < modules.size(); from += line.size() + 1) {
    line.assign(modules, from, modules.find('\n', from) - from);
    // "name size uses users state address"
    char name[64];
    uint64_t size, start;
    if (sscanf(line.c_str(), "%63s %" SCNu64 " %*s %*s %*s %" SCNx64, name, &size, &start) == 3) {
      modules_.push_back({std::string("[") + name + "]", start + size});
    }
  }
}

void KernelSymbols::Take(std::string_view piece) {
  for (;;) {
    const size_t end = piece.find('\n');
    if (end == std::string_view::npos) break;
    if (rest_.empty()) {
      Line(piece.substr(0, end));
    } else {
      rest_.append(piece.substr(0, end));
      Line(rest_);
      rest_.clear();
    }
    piece.remove_prefix(end + 1);
  }
  rest_.append(piece);
}

bool KernelSymbols::End() {
  if (!rest_.empty()) Line(rest_);
  rest_.clear();
  const auto lower = [](const Function& a, const Function& b) { return a.start < b.start; };
  // The kernel's own are; modules stand behind them and have lower addresses on some machines.
  if (!std::is_sorted(functions_.begin(), functions_.end(), lower)) {
    std::stable_sort(functions_.begin(), functions_.end(), lower);
  }
  return !functions_.empty() && functions_.back().start != 0;
}

// "address type name", and behind a tab the module.
void KernelSymbols::Line(std::string_view line) {
  uint64_t address;
  if (!TakeHex(&line, &address) || line.size() < 4 || line[0] != ' ' || line[2] != ' ') return;
  if (std::string_view("tTwW").find(line[1]) == std::string_view::npos) return;
  line.remove_prefix(3);
  const size_t tab = line.find('\t');
  const std::string_view name = line.substr(0, tab);
  if (name == "_etext") text_end_ = address;
  if (name == "_einittext") init_end_ = address;
  const uint32_t module = tab == std::string_view::npos ? 0 : ModuleOf(line.substr(tab + 1));
  functions_.push_back({address, static_cast<uint32_t>(names_.size()), module});
  names_.append(name).push_back('\0');
}

uint32_t KernelSymbols::ModuleOf(std::string_view name) {
  // Those of one stand together in the file.
  if (!functions_.empty() && modules_[functions_.back().module].name == name) {
    return functions_.back().module;
  }
  for (size_t i = 1; i < modules_.size(); i++) {
    if (modules_[i].name == name) return static_cast<uint32_t>(i);
  }
  modules_.push_back({std::string(name), 0});
  return static_cast<uint32_t>(modules_.size() - 1);
}

uint64_t KernelSymbols::EndOf(const Function& function) const {
  if (function.module == 0) {
    if (function.start < text_end_) return text_end_;
    if (function.start < init_end_) return init_end_;
  } else if (modules_[function.module].end > function.start) {
    return modules_[function.module].end;
  }
  return (function.start | kPageMask) + 1;
}

void KernelSymbols::Name(uint64_t address, symbols::NamesAnswer* out) const {
  auto after =
      std::upper_bound(functions_.begin(), functions_.end(), address,
                       [](uint64_t a, const Function& function) { return a < function.start; });
  if (after == functions_.begin() || address >= EndOf(*--after)) {
    out->Place(0, {});
    return;
  }
  // Of several names of one address the first, as perf has it.
  while (after != functions_.begin() && (after - 1)->start == after->start) --after;
  symbols::NamedFrame frame;
  frame.name = out->String(names_.c_str() + after->name);
  frame.offset = address - after->start;
  out->Place(out->String(modules_[after->module].name), {frame});
}

}  // namespace reader
}  // namespace pagefault
