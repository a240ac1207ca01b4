// ELF files made by hand, of either class and byte order (System V ABI, chapters 4 and 5), and what
// must be true of whatever is read from one.
#pragma once

#include <elf.h>

#include <cstring>

#include "check.h"
#include "reader/elf_parse.h"

namespace pagefault {
namespace test {

struct ElfPlan {
  bool wide = true;
  bool little = true;
  size_t sections = 5;  // with the empty first one and the name table
  size_t segments = 2;
  size_t name_length = 5;
};

// A library whose sections and segments all lie over each other: a linker makes none such, and it
// costs most. The first section is only the one that holds numbers too large for the header.
class ElfFile {
 public:
  explicit ElfFile(const ElfPlan& plan) : plan_(plan) {
    const size_t word = Word();
    const size_t head = plan.wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
    const size_t phentsize = plan.wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
    const size_t shentsize = plan.wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
    section_table = head + plan.segments * phentsize;
    const size_t names = section_table + plan.sections * shentsize;
    bytes.resize(names);
    memcpy(bytes.data(), ELFMAG, SELFMAG);
    bytes[EI_CLASS] = plan.wide ? ELFCLASS64 : ELFCLASS32;
    bytes[EI_DATA] = plan.little ? ELFDATA2LSB : ELFDATA2MSB;
    bytes[EI_VERSION] = EV_CURRENT;
    Fields(16, {{2, ET_DYN},
                {2, EM_X86_64},
                {4, EV_CURRENT},
                {word, 0},
                {word, head},
                {word, section_table},
                {4, 0},
                {2, head},
                {2, phentsize},
                {2, plan.segments},
                {2, shentsize},
                {2, plan.sections},
                {2, plan.sections - 1}});
    for (size_t i = 0; i < plan.segments; i++) Segment(head + i * phentsize);
    for (size_t i = 1; i < plan.sections; i++) {
      const bool last = i == plan.sections - 1;
      Section(section_table + i * shentsize, last ? SHT_STRTAB : SHT_PROGBITS, last ? 0 : SHF_ALLOC,
              i, last ? names : 0, last ? plan.name_length + 2 : 1 << 20);
    }
    bytes.push_back('\0');
    bytes.push_back('.');
    bytes.resize(bytes.size() + plan.name_length - 1, 'e');
    bytes.push_back('\0');
  }

  // Writes a number of `width` bytes in the file's byte order.
  void Put(size_t at, size_t width, uint64_t value) {
    for (size_t i = 0; i < width; i++) {
      bytes[at + (plan_.little ? i : width - 1 - i)] = static_cast<uint8_t>(value >> (8 * i));
    }
  }

  std::vector<uint8_t> bytes;
  size_t section_table = 0;

 private:
  struct Number {
    size_t width;
    uint64_t value;
  };
  size_t Word() const { return plan_.wide ? 8 : 4; }
  void Fields(size_t at, const std::vector<Number>& numbers) {
    for (const Number& number : numbers) {
      Put(at, number.width, number.value);
      at += number.width;
    }
  }
  void Segment(size_t at) {
    const size_t word = Word();
    std::vector<Number> fields = {{4, PT_LOAD},    {word, 0},       {word, 0},   {word, 0},
                                  {word, 1 << 20}, {word, 1 << 20}, {word, 4096}};
    fields.insert(fields.begin() + (plan_.wide ? 1 : 6), {4, PF_R | PF_X});
    Fields(at, fields);
  }
  void Section(size_t at, uint64_t type, uint64_t flags, uint64_t address, uint64_t offset,
               uint64_t size) {
    const size_t word = Word();
    Fields(at, {{4, 1}, {4, type}, {word, flags}, {word, address}, {word, offset}, {word, size}});
  }

  ElfPlan plan_;
};

// Hands out the bytes of a file, and counts what is asked for.
inline reader::ReadAt ReaderOf(const std::vector<uint8_t>& file, size_t* asked) {
  return [&file, asked](uint64_t offset, uint8_t* to, size_t length) -> size_t {
    *asked += length;
    CHECK(offset <= reader::kMaxNumber);
    if (offset >= file.size() || length == 0) return 0;
    const size_t n = std::min(length, file.size() - static_cast<size_t>(offset));
    memcpy(to, file.data() + offset, n);
    return n;
  };
}

// More is never read of a file, whatever it claims.
constexpr size_t kMostAsked = 4 << 20;

inline void CheckImage(const reader::ElfImage& image) {
  using namespace reader;
  CHECK(image.sections.size() <= kMaxSections);
  CHECK(image.segments.size() <= kMaxSegments);
  uint64_t last = 0;
  for (const ElfSection& section : image.sections) {
    CHECK(section.size > 0 && section.address + section.size <= kMaxNumber);
    CHECK(section.name.size() <= kMaxName);
    CHECK(section.address >= last);
    last = section.address;
  }
  for (const ElfSegment& segment : image.segments) {
    CHECK(segment.file_size <= segment.mem_size);
    CHECK(segment.offset + segment.file_size <= kMaxNumber);
    CHECK(segment.address + segment.mem_size <= kMaxNumber);
  }
}

}  // namespace test
}  // namespace pagefault
