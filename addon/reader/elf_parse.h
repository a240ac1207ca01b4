// Sections and PT_LOAD segments of an executable or shared library (System V ABI, chapters 4 and 5;
// ELF32 and ELF64, either byte order). Files come from strangers: every offset and count is
// checked, and what does not add up is left out rather than believed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace pagefault {
namespace reader {

// Caps: what a linker makes stays far below, what a forger claims must not cost memory or time.
constexpr size_t kMaxSections = 4096;
constexpr size_t kMaxSegments = 64;
constexpr size_t kMaxProgramHeaders = 1024;
constexpr size_t kMaxNameTable = 1 << 20;
constexpr size_t kMaxName = 256;
constexpr size_t kMaxNotes = 4096;
constexpr size_t kMaxBuildId = 64;
// Offsets, addresses and sizes are handed on as doubles.
constexpr uint64_t kMaxNumber = uint64_t{1} << 53;

struct ElfSection {
  std::string name;  // raw bytes
  uint64_t address;
  uint64_t size;
  bool nobits;
};

struct ElfSegment {
  uint64_t offset;
  uint64_t address;
  uint64_t file_size;
  uint64_t mem_size;
  uint8_t prot;  // PROT_READ 1, PROT_WRITE 2, PROT_EXEC 4
};

// Those sections that occupy addresses (SHF_ALLOC, a size, and not .tbss, which is a template that
// lies over its neighbours), by address; segments in the file's order. No sum of two of their
// numbers exceeds kMaxNumber.
struct ElfImage {
  std::vector<ElfSection> sections;
  std::vector<ElfSegment> segments;
};

// Reads up to `length` bytes at an offset of the file. Returns how many were read.
using ReadAt = std::function<size_t(uint64_t offset, uint8_t* to, size_t length)>;

// False when the file is none, or has no segment to load.
bool ParseElf(const ReadAt& read, ElfImage* out);

// The build id (NT_GNU_BUILD_ID), raw; empty where there is none.
std::string ParseBuildId(const ReadAt& read);

}  // namespace reader
}  // namespace pagefault
