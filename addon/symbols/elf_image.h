// One ELF file, read from an open descriptor or out of memory. By read(2) and never by mmap(2): a
// file that is truncated while it is mapped would end us.
#pragma once

#include <libelf.h>

#include <cstdint>
#include <vector>

#include "../util/fd.h"
#include "protocol.h"

namespace pagefault {
namespace symbols {

class ElfImage {
 public:
  ElfImage() = default;
  ~ElfImage();
  ElfImage(const ElfImage&) = delete;
  ElfImage& operator=(const ElfImage&) = delete;

  // False where it is no ELF file.
  bool Open(Fd file);
  // The symbols of a stripped file that its .gnu_debugdata holds (xz). False where there are none.
  bool OpenPacked(const ElfImage& stripped);

  Elf* elf() const { return elf_; }
  FileFacts Facts() const;
  // Bytes of the file. False where it has not so many there, or is in memory.
  bool Read(uint64_t offset, void* bytes, size_t count) const;
  // As .gnu_debuglink has it: CRC-32 of the whole file.
  bool HasCrc(uint32_t crc) const;

 private:
  Fd file_;
  std::vector<char> unpacked_;
  Elf* elf_ = nullptr;
};

}  // namespace symbols
}  // namespace pagefault
