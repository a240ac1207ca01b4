// One mapped file, as far as stacks go through it.
#pragma once

#include "elf_image.h"
#include "frame_tables.h"
#include "segments.h"

namespace pagefault {
namespace symbols {

class UnwindModule {
 public:
  // False where it is no ELF file for x86-64.
  bool Open(Fd file);
  // The rules in force at a byte of the file.
  FrameTables::Rules At(uint64_t offset, FramePointer* out);

 private:
  ElfImage image_;
  Segments segments_;
  FrameTables tables_;
};

}  // namespace symbols
}  // namespace pagefault
