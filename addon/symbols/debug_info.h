// DWARF 4 and 5: source lines, and the functions that were inlined at an address. .debug_aranges is
// not needed.
#pragma once

#include <elfutils/libdw.h>

#include <memory>
#include <vector>

#include "layers.h"

namespace pagefault {
namespace symbols {

// Texts are in the file.
struct SourceFrame {
  const char* name = nullptr;  // as it stands there, mangled; null: not known
  const char* file = nullptr;
  const char* directory = nullptr;  // that `file` is seen from, where it is relative
  uint32_t line = 0;
  // Of the outermost frame: where its function begins.
  bool has_start = false;
  uint64_t start = 0;
};

class DebugInfo {
 public:
  DebugInfo() = default;
  ~DebugInfo();
  DebugInfo(const DebugInfo&) = delete;
  DebugInfo& operator=(const DebugInfo&) = delete;

  // Both files have to stay. `alt` is null, or what dwz has moved out of several files. Code begins
  // at `first_code`: the linker puts what it has thrown away below it. False without DWARF.
  bool Open(Elf* elf, Elf* alt, uint64_t first_code);

  // Innermost first; nothing where no unit covers the address.
  void Find(uint64_t address, std::vector<SourceFrame>* out);

 private:
  // A function, or one inlined into another.
  struct Scope {
    Dwarf_Die die;
    uint32_t parent;
    bool inlined;
    uint64_t start;
    const char* name = nullptr;  // once it was asked for
    bool named = false;
  };
  struct Unit {
    Dwarf_Die die;
    const char* directory = nullptr;
    bool read = false;
    std::vector<Scope> scopes;
    Layers ranges;
  };

  void ReadScopes(Unit* unit);
  void ReadChildren(Unit* unit, Dwarf_Die* parent, uint32_t scope, int depth);
  uint32_t AddScope(Unit* unit, Dwarf_Die* die, uint32_t parent, bool inlined, int depth);

  Dwarf* dwarf_ = nullptr;
  Dwarf* alt_ = nullptr;
  uint64_t first_code_ = 0;
  std::vector<std::unique_ptr<Unit>> units_;
  Layers unit_ranges_;
};

}  // namespace symbols
}  // namespace pagefault
