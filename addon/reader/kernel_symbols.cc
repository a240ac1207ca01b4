#include "kernel_symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "../symbols/message.h"
#include "../util/fd.h"

namespace pagefault {
namespace reader {

namespace {

// 200 thousand symbols are 12 MB.
constexpr size_t kMaxText = 128 << 20;
constexpr int64_t kReadAgainNs = 60'000'000'000;
constexpr uint64_t kPageMask = 4095;

int ReadAll(const std::string& path, std::string* out) {
  Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.ok()) return errno;
  std::vector<char> piece(256 << 10);
  while (out->size() < kMaxText) {
    const ssize_t n = read(file.get(), piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0 ? errno : 0;
    out->append(piece.data(), static_cast<size_t>(n));
  }
  return 0;
}

// Calls `use` with each line, ended by a NUL.
template <typename Use>
void EachLine(const std::string& text, Use use) {
  std::string line;
  for (size_t from = 0; from < text.size();) {
    const size_t end = std::min(text.find('\n', from), text.size());
    line.assign(text, from, end - from);
    use(line.c_str());
    from = end + 1;
  }
}

}  // namespace

int KernelSymbols::Refresh(const std::string& proc) {
  const int64_t now = symbols::Now();
  if (read_ == 0 || now - read_ > kReadAgainNs) {
    std::string kallsyms, modules;
    const int error = ReadAll(proc + "/kallsyms", &kallsyms);
    if (error != 0) return error;
    // A kernel without modules has no such file.
    const int no_modules = ReadAll(proc + "/modules", &modules);
    if (no_modules != 0 && no_modules != ENOENT) return no_modules;
    known_ = Parse(kallsyms, modules);
    read_ = now;
  }
  return known_ ? 0 : EACCES;
}

bool KernelSymbols::Parse(const std::string& kallsyms, const std::string& modules) {
  functions_.clear();
  names_.clear();
  modules_.assign(1, Module{"", 0});
  text_end_ = init_end_ = 0;
  // "name size uses users state address"
  EachLine(modules, [&](const char* line) {
    char name[64];
    uint64_t size, start;
    if (sscanf(line, "%63s %" SCNu64 " %*s %*s %*s %" SCNx64, name, &size, &start) == 3) {
      modules_.push_back({std::string("[") + name + "]", start + size});
    }
  });
  EachLine(kallsyms, [&](const char* line) { Line(line); });
  std::stable_sort(functions_.begin(), functions_.end(),
                   [](const Function& a, const Function& b) { return a.start < b.start; });
  return !functions_.empty() && functions_.back().start != 0;
}

// "address type name", and behind a tab the module.
void KernelSymbols::Line(const char* line) {
  char* after;
  const uint64_t address = strtoull(line, &after, 16);
  if (after == line || after[0] != ' ' || after[1] == '\0' || after[2] != ' ') return;
  if (strchr("tTwW", after[1]) == nullptr) return;
  const char* name = after + 3;
  const char* tab = strchr(name, '\t');
  const std::string text = tab == nullptr ? name : std::string(name, tab);
  if (text == "_etext") text_end_ = address;
  if (text == "_einittext") init_end_ = address;
  functions_.push_back(
      {address, static_cast<uint32_t>(names_.size()), tab == nullptr ? 0 : ModuleOf(tab + 1)});
  names_.append(text.c_str(), text.size() + 1);
}

uint32_t KernelSymbols::ModuleOf(const char* name) {
  // Those of one stand together in the file.
  if (!functions_.empty() && modules_[functions_.back().module].name == name) {
    return functions_.back().module;
  }
  for (size_t i = 1; i < modules_.size(); i++) {
    if (modules_[i].name == name) return static_cast<uint32_t>(i);
  }
  modules_.push_back({name, 0});
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
