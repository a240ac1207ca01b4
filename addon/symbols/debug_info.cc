#include "debug_info.h"

#include <dwarf.h>

#include <cstring>

namespace pagefault {
namespace symbols {

namespace {

// What compilers make stays below; a forger's must not exhaust our stack.
constexpr int kMaxDepth = 256;
constexpr size_t kMaxScopes = 4 << 20;
constexpr int kMaxRanges = 1 << 20;

// Scopes that may hold functions.
bool HoldsScopes(int tag) {
  switch (tag) {
    case DW_TAG_lexical_block:
    case DW_TAG_try_block:
    case DW_TAG_catch_block:
    case DW_TAG_namespace:
    case DW_TAG_module:
    case DW_TAG_structure_type:
    case DW_TAG_class_type:
    case DW_TAG_union_type:
    case DW_TAG_interface_type:
    case DW_TAG_enumeration_type:
      return true;
    default:
      return false;
  }
}

template <typename Use>
void EachRange(Dwarf_Die* die, uint64_t first, Use use) {
  Dwarf_Addr base, low, high;
  ptrdiff_t at = 0;
  for (int left = kMaxRanges; left > 0; left--) {
    at = dwarf_ranges(die, at, &base, &low, &high);
    if (at <= 0) return;
    if (low >= first && low < high) use(low, high);
  }
}

// The linkage name tells more than the name; both may stand at the DIE that this one is made from.
const char* NameOf(Dwarf_Die* die) {
  Dwarf_Attribute attribute;
  for (const unsigned int name : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name, DW_AT_name}) {
    const char* text = dwarf_formstring(dwarf_attr_integrate(die, name, &attribute));
    if (text != nullptr) return text;
  }
  return nullptr;
}

uint32_t Number(Dwarf_Die* die, unsigned int name) {
  Dwarf_Attribute attribute;
  Dwarf_Word value;
  const bool there = dwarf_formudata(dwarf_attr(die, name, &attribute), &value) == 0;
  return there && value <= UINT32_MAX ? static_cast<uint32_t>(value) : 0;
}

void SetCall(Dwarf_Die* unit, Dwarf_Die* inlined, SourceFrame* caller) {
  Dwarf_Files* files;
  size_t count;
  const uint32_t file = Number(inlined, DW_AT_call_file);
  if (dwarf_getsrcfiles(unit, &files, &count) == 0 && file < count) {
    caller->file = dwarf_filesrc(files, file, nullptr, nullptr);
  }
  caller->line = Number(inlined, DW_AT_call_line);
}

bool SetLine(Dwarf_Die* unit, uint64_t address, SourceFrame* frame) {
  Dwarf_Line* line = dwarf_getsrc_die(unit, address);
  if (line == nullptr) return false;
  int number;
  frame->file = dwarf_linesrc(line, nullptr, nullptr);
  if (dwarf_lineno(line, &number) == 0 && number > 0) frame->line = static_cast<uint32_t>(number);
  return true;
}

// Of what dwarf_begin_elf unpacks, where it is compressed, what nobody here asks for: a fifth of
// libc's debug file.
bool IsUnused(const char* name) {
  if (strncmp(name, ".debug_", 7) == 0) {
    name += 7;
  } else if (strncmp(name, ".zdebug_", 8) == 0) {
    name += 8;
  } else {
    return false;
  }
  for (const char* unused :
       {"aranges", "frame", "loc", "loclists", "macinfo", "macro", "pubnames"}) {
    if (strcmp(name, unused) == 0) return true;
  }
  return false;
}

// Has libdw take the sections that nobody asks for as empty. The headers are libelf's copies of
// those in the file, and are given back as they were: unwinding reads .debug_frame.
class UnusedHidden {
 public:
  explicit UnusedHidden(Elf* elf) {
    size_t names;
    if (elf_getshdrstrndx(elf, &names) != 0) return;
    Elf_Scn* section = nullptr;
    while ((section = elf_nextscn(elf, section)) != nullptr) {
      // Null where it is a file of 32 bits, which takes longer.
      Elf64_Shdr* header = elf64_getshdr(section);
      if (header == nullptr) return;
      const char* name = elf_strptr(elf, names, header->sh_name);
      if (name == nullptr || !IsUnused(name)) continue;
      hidden_.push_back({header, header->sh_type});
      header->sh_type = SHT_NOBITS;
    }
  }
  ~UnusedHidden() {
    for (const Hidden& hidden : hidden_) hidden.header->sh_type = hidden.type;
  }
  UnusedHidden(const UnusedHidden&) = delete;
  UnusedHidden& operator=(const UnusedHidden&) = delete;

 private:
  struct Hidden {
    Elf64_Shdr* header;
    Elf64_Word type;
  };
  std::vector<Hidden> hidden_;
};

Dwarf* Begin(Elf* elf) {
  const UnusedHidden hidden(elf);
  return dwarf_begin_elf(elf, DWARF_C_READ, nullptr);
}

}  // namespace

DebugInfo::~DebugInfo() {
  if (dwarf_ != nullptr) dwarf_end(dwarf_);
  if (alt_ != nullptr) dwarf_end(alt_);
}

bool DebugInfo::Open(Elf* elf, Elf* alt, uint64_t first_code) {
  first_code_ = first_code;
  dwarf_ = Begin(elf);
  if (dwarf_ == nullptr) return false;
  if (alt != nullptr) alt_ = Begin(alt);
  // Without it libdw would look for one itself, which it has no rights to.
  if (alt_ != nullptr) dwarf_setalt(dwarf_, alt_);
  Dwarf_CU* unit = nullptr;
  Dwarf_Die die;
  uint8_t type;
  while (dwarf_get_units(dwarf_, unit, &unit, nullptr, &type, &die, nullptr) == 0) {
    if (type != DW_UT_compile && type != DW_UT_skeleton) continue;
    const uint32_t number = static_cast<uint32_t>(units_.size());
    EachRange(&die, first_code_,
              [&](uint64_t low, uint64_t high) { unit_ranges_.Add(low, high, number, number); });
    units_.push_back(std::make_unique<Unit>());
    units_.back()->die = die;
  }
  unit_ranges_.Build();
  return true;
}

void DebugInfo::Find(uint64_t address, std::vector<SourceFrame>* out) {
  const uint32_t number = unit_ranges_.Find(address);
  if (number == Layers::kNone) return;
  Unit* unit = units_[number].get();
  if (!unit->read) ReadScopes(unit);
  SourceFrame frame;
  frame.directory = unit->directory;
  const bool has_line = SetLine(&unit->die, address, &frame);
  uint32_t at = unit->ranges.Find(address);
  if (at == Layers::kNone && has_line) out->push_back(frame);
  while (at != Layers::kNone) {
    Scope& scope = unit->scopes[at];
    if (!scope.named) scope.name = NameOf(&scope.die);
    scope.named = true;
    frame.name = scope.name;
    frame.has_start = !scope.inlined;
    frame.start = scope.start;
    out->push_back(frame);
    if (!scope.inlined) return;
    frame = SourceFrame();
    frame.directory = unit->directory;
    SetCall(&unit->die, &scope.die, &frame);
    at = scope.parent;
  }
}

void DebugInfo::ReadScopes(Unit* unit) {
  unit->read = true;
  Dwarf_Attribute attribute;
  unit->directory = dwarf_formstring(dwarf_attr(&unit->die, DW_AT_comp_dir, &attribute));
  ReadChildren(unit, &unit->die, Layers::kNone, 0);
  unit->ranges.Build();
}

void DebugInfo::ReadChildren(Unit* unit, Dwarf_Die* parent, uint32_t scope, int depth) {
  Dwarf_Die die;
  if (depth == kMaxDepth || dwarf_child(parent, &die) != 0) return;
  do {
    const int tag = dwarf_tag(&die);
    if (tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine) {
      const bool inlined = tag == DW_TAG_inlined_subroutine;
      ReadChildren(unit, &die, AddScope(unit, &die, scope, inlined, depth), depth + 1);
    } else if (HoldsScopes(tag)) {
      ReadChildren(unit, &die, scope, depth + 1);
    }
  } while (dwarf_siblingof(&die, &die) == 0);
}

// A function without code (a declaration, the pattern of inlined ones) is no scope: its children
// belong to the one around it.
uint32_t DebugInfo::AddScope(Unit* unit, Dwarf_Die* die, uint32_t parent, bool inlined, int depth) {
  if (unit->scopes.size() >= kMaxScopes) return parent;
  const uint32_t number = static_cast<uint32_t>(unit->scopes.size());
  const uint64_t order = uint64_t{static_cast<uint32_t>(depth)} << 32 | number;
  bool any = false;
  uint64_t start = 0;
  EachRange(die, first_code_, [&](uint64_t low, uint64_t high) {
    if (!any) start = low;
    any = true;
    unit->ranges.Add(low, high, order, number);
  });
  if (!any) return parent;
  unit->scopes.push_back({*die, parent, inlined, start});
  return number;
}

}  // namespace symbols
}  // namespace pagefault
