#include "symbol_table.h"

#include <algorithm>
#include <cstring>

namespace pagefault {
namespace symbols {

namespace {

constexpr size_t kMaxSymbols = 8 << 20;
constexpr uint64_t kMaxSize = uint64_t{1} << 48;

// Marks of the assembler where code and data meet (ELF for the Arm 64-bit architecture, 5.4).
bool IsMappingSymbol(const char* name) {
  return name[0] == '$' && (name[1] == 'x' || name[1] == 'd' || name[1] == 'a' || name[1] == 't') &&
         (name[2] == '\0' || name[2] == '.');
}

// Of several names of one function the one that perf prints (choose_best_symbol in its symbol.c):
// no weak one, a global one, the fewest underscores before it.
uint8_t Rank(const GElf_Sym& symbol, const char* name) {
  const int binding = GELF_ST_BIND(symbol.st_info);
  const size_t underscores = std::min<size_t>(strspn(name, "_"), 15);
  return static_cast<uint8_t>((binding != STB_WEAK ? 64 : 0) | (binding == STB_GLOBAL ? 32 : 0) |
                              (15 - underscores));
}

// The smaller one is inside of the larger.
uint64_t Order(const Symbol& symbol, uint8_t rank) {
  return (kMaxSize - (symbol.end - symbol.start)) << 8 | rank;
}

}  // namespace

// Flags and ends of the sections, by number.
class SymbolTable::Sections {
 public:
  explicit Sections(Elf* elf) {
    Elf_Scn* section = nullptr;
    headers_.push_back({});
    while ((section = elf_nextscn(elf, section)) != nullptr) {
      GElf_Shdr header = {};
      if (gelf_getshdr(section, &header) == nullptr) header = {};
      headers_.push_back(header);
    }
  }
  bool IsCode(uint32_t number) const {
    return number < headers_.size() && (headers_[number].sh_flags & SHF_EXECINSTR) != 0;
  }
  uint64_t End(uint32_t number) const {
    return number < headers_.size() ? headers_[number].sh_addr + headers_[number].sh_size : 0;
  }

 private:
  std::vector<GElf_Shdr> headers_;
};

void SymbolTable::Add(Elf* elf) {
  const Sections sections(elf);
  Elf_Scn* section = nullptr;
  while ((section = elf_nextscn(elf, section)) != nullptr) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr) continue;
    if (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM) {
      AddTable(elf, section, header, sections);
    }
  }
}

void SymbolTable::AddTable(Elf* elf, Elf_Scn* section, const GElf_Shdr& header,
                           const Sections& sections) {
  Elf_Data* data = elf_getdata(section, nullptr);
  const size_t entry = gelf_fsize(elf, ELF_T_SYM, 1, EV_CURRENT);
  if (data == nullptr || entry == 0) return;
  const bool complete = header.sh_type == SHT_SYMTAB;
  const size_t count = std::min(data->d_size / entry, kMaxSymbols);
  code_entries_.reserve(code_entries_.size() + count);
  for (size_t i = 1; i < count; i++) {
    GElf_Sym symbol;
    if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) break;
    const int type = GELF_ST_TYPE(symbol.st_info);
    const bool code = type == STT_FUNC || type == STT_GNU_IFUNC ||
                      (type == STT_NOTYPE && sections.IsCode(symbol.st_shndx));
    const bool local = type == STT_TLS && symbol.st_size > 0;
    const bool object = type == STT_OBJECT && symbol.st_size > 0;
    if (!code && !object && !local) continue;
    // SHN_XINDEX is one of a file with more sections than fit: it has an address all the same.
    if (symbol.st_shndx == SHN_UNDEF ||
        (symbol.st_shndx >= SHN_LORESERVE && symbol.st_shndx != SHN_XINDEX)) {
      continue;
    }
    const uint64_t size = std::min<uint64_t>(symbol.st_size, kMaxSize);
    if (symbol.st_value > ~uint64_t{0} - size) continue;
    const char* name = elf_strptr(elf, header.sh_link, symbol.st_name);
    if (name == nullptr || *name == '\0' || IsMappingSymbol(name)) continue;
    const Entry found = {{symbol.st_value, symbol.st_value + size, name, size > 0},
                         symbol.st_shndx,
                         Rank(symbol, name)};
    if (object || local) {
      (local ? thread_local_ : data_)
          .Add(found.symbol.start, found.symbol.end, Order(found.symbol, found.rank),
               static_cast<uint32_t>(symbols_.size()));
      symbols_.push_back(found.symbol);
    } else if (size > 0) {
      code_entries_.push_back(found);
    } else if (complete && sections.IsCode(symbol.st_shndx)) {
      labels_.push_back(found);
      labels_.back().symbol.end = sections.End(symbol.st_shndx);
    }
  }
}

void SymbolTable::Build() {
  BuildCode();
  code_.Build();
  data_.Build();
  thread_local_.Build();
  std::vector<Entry>().swap(code_entries_);
  std::vector<Entry>().swap(labels_);
}

void SymbolTable::BuildCode() {
  EndLabels();
  for (const Entry& entry : code_entries_) {
    const uint32_t number = static_cast<uint32_t>(symbols_.size());
    code_.Add(entry.symbol.start, entry.symbol.end, Order(entry.symbol, entry.rank), number);
    symbols_.push_back(entry.symbol);
  }
  for (const Entry& label : labels_) {
    code_.Add(label.symbol.start, label.symbol.end, label.rank,
              static_cast<uint32_t>(symbols_.size()));
    symbols_.push_back(label.symbol);
  }
}

// A label ends where the next symbol begins, and one inside of a function is none of its own.
void SymbolTable::EndLabels() {
  if (labels_.empty()) return;
  const auto lower = [](const Entry& a, const Entry& b) { return a.symbol.start < b.symbol.start; };
  std::sort(code_entries_.begin(), code_entries_.end(), lower);
  std::vector<uint64_t> starts;
  for (const std::vector<Entry>* list : {&code_entries_, &labels_}) {
    for (const Entry& entry : *list) starts.push_back(entry.symbol.start);
  }
  std::sort(starts.begin(), starts.end());
  std::sort(labels_.begin(), labels_.end(), lower);
  std::vector<Entry> kept;
  uint64_t covered = 0;
  size_t next = 0;
  for (Entry label : labels_) {
    const uint64_t start = label.symbol.start;
    for (; next < code_entries_.size() && code_entries_[next].symbol.start <= start; next++) {
      covered = std::max(covered, code_entries_[next].symbol.end);
    }
    if (start < covered) continue;
    const auto after = std::upper_bound(starts.begin(), starts.end(), start);
    if (after != starts.end()) label.symbol.end = std::min(label.symbol.end, *after);
    if (start < label.symbol.end) kept.push_back(label);
  }
  labels_ = std::move(kept);
}

}  // namespace symbols
}  // namespace pagefault
