#include "unwind_module.h"

#include <sys/mman.h>

namespace pagefault {
namespace symbols {

bool UnwindModule::Open(Fd file) {
  if (!image_.Open(std::move(file)) || !tables_.Open(image_.elf())) return false;
  segments_.Read(image_.elf());
  return true;
}

FrameTables::Rules UnwindModule::At(uint64_t offset, FramePointer* out) {
  const uint64_t address = segments_.AddressOf(offset, false, PROT_EXEC);
  return address == kNoAddress ? FrameTables::Rules::kBroken : tables_.At(address, out);
}

}  // namespace symbols
}  // namespace pagefault
