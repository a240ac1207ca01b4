// The symbols of a file and its debug file, by link-time address.
#pragma once

#include <gelf.h>

#include <vector>

#include "layers.h"

namespace pagefault {
namespace symbols {

struct Symbol {
  uint64_t start, end;
  const char* name;  // in the ELF file
  bool sized;
};

class SymbolTable {
 public:
  // Takes the symbols of all tables of the file, which has to stay. After the last, Build.
  void Add(Elf* elf);
  void Build();

  // The function whose code covers the address, or null. A symbol with a size covers that. One
  // without (of assembler code) covers all up to the next symbol of its section, as perf and
  // addr2line have it; but not in a file that has only dynamic symbols, where the functions between
  // two of them may have no name.
  const Symbol* Code(uint64_t address) const { return Find(code_, address); }
  // The object, or else the function, whose size covers the address, or null.
  const Symbol* Data(uint64_t address) const {
    const Symbol* object = Find(data_, address);
    if (object != nullptr) return object;
    const Symbol* function = Find(code_, address);
    return function != nullptr && function->sized ? function : nullptr;
  }
  // The variable that covers a place among the thread-local ones, or null.
  const Symbol* ThreadLocal(uint64_t offset) const { return Find(thread_local_, offset); }

 private:
  struct Entry {
    Symbol symbol;
    uint32_t section;
    uint8_t rank;
  };
  class Sections;

  void AddTable(Elf* elf, Elf_Scn* section, const GElf_Shdr& header, const Sections& sections);
  void BuildCode();
  void EndLabels();
  const Symbol* Find(const Layers& layers, uint64_t address) const {
    const uint32_t found = layers.Find(address);
    return found == Layers::kNone ? nullptr : &symbols_[found];
  }

  std::vector<Entry> code_entries_;
  std::vector<Entry> labels_;  // code without a size
  std::vector<Symbol> symbols_;
  Layers code_, data_, thread_local_;
};

}  // namespace symbols
}  // namespace pagefault
