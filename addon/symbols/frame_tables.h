// The call frame information of one ELF file: .eh_frame, and .debug_frame for what that does not
// cover.
#pragma once

#include <elfutils/libdw.h>

#include <cstdint>
#include <cstdlib>
#include <memory>

namespace pagefault {
namespace symbols {

struct FreeFrame {
  void operator()(Dwarf_Frame* frame) const { free(frame); }
};
using FramePointer = std::unique_ptr<Dwarf_Frame, FreeFrame>;

class FrameTables {
 public:
  FrameTables() = default;
  ~FrameTables();
  FrameTables(const FrameTables&) = delete;
  FrameTables& operator=(const FrameTables&) = delete;

  // The file has to stay. False where it is none for x86-64.
  bool Open(Elf* elf);
  enum class Rules { kFound, kNone, kBroken };
  // The rules in force at a link-time address.
  Rules At(uint64_t address, FramePointer* out);
  // Whether a frame pointer is set up there: where the rules count from the stack pointer it is
  // not. kUnknown: there are none.
  enum class Frame { kSet, kMissing, kUnknown };
  Frame FrameAt(uint64_t address);

 private:
  void OpenDebugFrame();
  static Rules Find(Dwarf_CFI* table, uint64_t address, FramePointer* out);

  Elf* elf_ = nullptr;
  Dwarf_CFI* eh_frame_ = nullptr;
  bool debug_opened_ = false;
  Dwarf* debug_ = nullptr;
  Dwarf_CFI* debug_frame_ = nullptr;  // belongs to debug_
};

}  // namespace symbols
}  // namespace pagefault
