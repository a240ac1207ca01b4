// The PT_LOADs of an ELF file: from offsets in the file to link-time addresses.
#pragma once

#include <libelf.h>

#include <cstdint>
#include <vector>

namespace pagefault {
namespace symbols {

constexpr uint64_t kNoAddress = ~uint64_t{0};

class Segments {
 public:
  void Read(Elf* elf);
  // `data`: else it is code. `prot`: of the mapping that the byte is in (PROT_*). kNoAddress where
  // no segment holds it.
  uint64_t AddressOf(uint64_t offset, bool data, uint32_t prot) const;
  // The offset in the file of code that lies there; kNoAddress where none does.
  uint64_t OffsetOfCode(uint64_t address) const;
  // The lowest address of code; kNoAddress without any.
  uint64_t FirstCode() const;

 private:
  struct Segment {
    uint64_t offset, address, file_size, mem_size;
    uint32_t prot;  // PROT_*
  };
  std::vector<Segment> list_;
};

}  // namespace symbols
}  // namespace pagefault
