#include "frame_tables.h"

#include <dwarf.h>
#include <gelf.h>

#include <cstring>

#include "machine_state.h"

namespace pagefault {
namespace symbols {

namespace {

// libdw reads all of a file's debug information to get at one section of it.
constexpr uint64_t kMaxDebugBytes = 64 << 20;

// Bytes of the sections whose names begin so; 0 where there is no .debug_frame among them.
uint64_t DebugBytes(Elf* elf) {
  size_t names;
  if (elf_getshdrstrndx(elf, &names) != 0) return 0;
  uint64_t bytes = 0;
  bool found = false;
  Elf_Scn* section = nullptr;
  while ((section = elf_nextscn(elf, section)) != nullptr) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr || header.sh_type == SHT_NOBITS) continue;
    const char* name = elf_strptr(elf, names, header.sh_name);
    if (name == nullptr || strncmp(name, ".debug_", 7) != 0) continue;
    bytes += header.sh_size;
    found = found || strcmp(name, ".debug_frame") == 0;
  }
  return found ? bytes : 0;
}

}  // namespace

FrameTables::~FrameTables() {
  if (eh_frame_ != nullptr) dwarf_cfi_end(eh_frame_);
  if (debug_ != nullptr) dwarf_end(debug_);
}

bool FrameTables::Open(Elf* elf) {
  GElf_Ehdr header;
  if (gelf_getehdr(elf, &header) == nullptr) return false;
  if (header.e_machine != EM_X86_64 || header.e_ident[EI_CLASS] != ELFCLASS64) return false;
  elf_ = elf;
  eh_frame_ = dwarf_getcfi_elf(elf);
  return true;
}

FrameTables::Rules FrameTables::At(uint64_t address, FramePointer* out) {
  const Rules rules = Find(eh_frame_, address, out);
  if (rules != Rules::kNone) return rules;
  if (!debug_opened_) OpenDebugFrame();
  return Find(debug_frame_, address, out);
}

FrameTables::Frame FrameTables::FrameAt(uint64_t address) {
  FramePointer frame;
  Dwarf_Op* ops;
  size_t count;
  // Of other processors it is not read.
  if (elf_ == nullptr) return Frame::kSet;
  if (At(address, &frame) != Rules::kFound) return Frame::kUnknown;
  if (dwarf_frame_cfa(frame.get(), &ops, &count) != 0 || count == 0) return Frame::kUnknown;
  const Dwarf_Op& first = ops[0];
  const bool missing = first.atom == DW_OP_breg0 + kStackPointer ||
                       (first.atom == DW_OP_bregx && first.number == kStackPointer);
  return missing ? Frame::kMissing : Frame::kSet;
}

FrameTables::Rules FrameTables::Find(Dwarf_CFI* table, uint64_t address, FramePointer* out) {
  if (table == nullptr) return Rules::kNone;
  Dwarf_Frame* frame = nullptr;
  if (dwarf_cfi_addrframe(table, address, &frame) == 0) {
    out->reset(frame);
    return Rules::kFound;
  }
  // libdw has a number for it and does not give it away (DWARF_E_NO_MATCH, libdw/dwarf_error.c).
  const char* why = dwarf_errmsg(0);
  const bool none = why != nullptr && strcmp(why, "no matching address range") == 0;
  return none ? Rules::kNone : Rules::kBroken;
}

void FrameTables::OpenDebugFrame() {
  debug_opened_ = true;
  const uint64_t bytes = elf_ == nullptr ? 0 : DebugBytes(elf_);
  if (bytes == 0 || bytes > kMaxDebugBytes) return;
  debug_ = dwarf_begin_elf(elf_, DWARF_C_READ, nullptr);
  if (debug_ != nullptr) debug_frame_ = dwarf_getcfi(debug_);
}

}  // namespace symbols
}  // namespace pagefault
