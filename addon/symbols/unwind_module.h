// The call frame information of one mapped file: .eh_frame, and .debug_frame for what that does not
// cover.
#pragma once

#include <elfutils/libdw.h>

#include <cstdlib>
#include <memory>

#include "elf_image.h"
#include "segments.h"

namespace pagefault {
namespace symbols {

struct FreeFrame {
  void operator()(Dwarf_Frame* frame) const { free(frame); }
};
using FramePointer = std::unique_ptr<Dwarf_Frame, FreeFrame>;

class UnwindModule {
 public:
  UnwindModule() = default;
  ~UnwindModule();
  UnwindModule(const UnwindModule&) = delete;
  UnwindModule& operator=(const UnwindModule&) = delete;

  // False where it is no ELF file for x86-64.
  bool Open(Fd file);
  enum class Rules { kFound, kNone, kBroken };
  // The rules in force at a byte of the file.
  Rules At(uint64_t offset, FramePointer* out);

 private:
  void OpenDebugFrame();
  static Rules Find(Dwarf_CFI* table, uint64_t address, FramePointer* out);

  ElfImage image_;
  Segments segments_;
  Dwarf_CFI* eh_frame_ = nullptr;
  bool debug_opened_ = false;
  Dwarf* debug_ = nullptr;
  Dwarf_CFI* debug_frame_ = nullptr;  // belongs to debug_
};

}  // namespace symbols
}  // namespace pagefault
