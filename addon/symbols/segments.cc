#include "segments.h"

#include <gelf.h>
#include <sys/mman.h>

#include <algorithm>

namespace pagefault {
namespace symbols {

namespace {

constexpr size_t kMaxSegments = 64;

uint32_t ProtOf(uint32_t flags) {
  return (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) |
         (flags & PF_X ? PROT_EXEC : 0);
}

}  // namespace

void Segments::Read(Elf* elf) {
  size_t count;
  if (elf_getphdrnum(elf, &count) != 0) return;
  for (size_t i = 0; i < count && list_.size() < kMaxSegments; i++) {
    GElf_Phdr header;
    if (gelf_getphdr(elf, static_cast<int>(i), &header) == nullptr) return;
    if (header.p_type != PT_LOAD) continue;
    list_.push_back({header.p_offset, header.p_vaddr, header.p_filesz,
                     std::max(header.p_filesz, header.p_memsz), ProtOf(header.p_flags)});
  }
}

// One page of the file may be part of two segments, where one ends and the next begins: it is the
// one whose bytes these are, and of several the one that is mapped as the place is (a .bss reaches
// over the offsets of what follows in the file, which is mapped otherwise).
uint64_t Segments::AddressOf(uint64_t offset, bool data, uint32_t prot) const {
  const Segment* best = nullptr;
  int best_score = -1;
  for (const Segment& segment : list_) {
    // Data may lie in the .bss: at the offset that it would have, were the file longer.
    const uint64_t size = data ? segment.mem_size : segment.file_size;
    if (offset < segment.offset || offset - segment.offset >= size) continue;
    if (!data && (segment.prot & PROT_EXEC) == 0) continue;
    const int score = (((segment.prot ^ prot) & PROT_EXEC) == 0 ? 2 : 0) +
                      (((segment.prot ^ prot) & PROT_WRITE) == 0 ? 1 : 0);
    if (score > best_score) {
      best = &segment;
      best_score = score;
    }
  }
  return best == nullptr ? kNoAddress : offset - best->offset + best->address;
}

uint64_t Segments::OffsetOfCode(uint64_t address) const {
  for (const Segment& segment : list_) {
    const bool within = address >= segment.address && address - segment.address < segment.file_size;
    if (within && (segment.prot & PROT_EXEC) != 0) {
      return address - segment.address + segment.offset;
    }
  }
  return kNoAddress;
}

uint64_t Segments::FirstCode() const {
  uint64_t first = kNoAddress;
  for (const Segment& segment : list_) {
    if ((segment.prot & PROT_EXEC) != 0) first = std::min(first, segment.address);
  }
  return first;
}

}  // namespace symbols
}  // namespace pagefault
