#include <elf.h>
#include <errno.h>
#include <unistd.h>

#include <cstring>

#include "check.h"
#include "reader/elf_parse.h"
#include "reader/operations.h"

using namespace pagefault::reader;
using pagefault::test::Random;

namespace {

using Bytes = std::vector<uint8_t>;

// Hands out the bytes of a file, and checks what is asked for.
ReadAt ReaderOf(const Bytes& file, size_t* asked) {
  return [&file, asked](uint64_t offset, uint8_t* to, size_t length) -> size_t {
    *asked += length;
    CHECK(offset <= kMaxNumber);
    if (offset >= file.size() || length == 0) return 0;
    const size_t n = std::min(length, file.size() - static_cast<size_t>(offset));
    memcpy(to, file.data() + offset, n);
    return n;
  };
}

template <typename T>
void Put(Bytes* file, size_t at, const T& value) {
  if (file->size() < at + sizeof value) file->resize(at + sizeof value);
  memcpy(file->data() + at, &value, sizeof value);
}

// A program of `sections` sections and `segments` segments that all lie over each other.
Bytes Program(size_t sections, size_t segments) {
  Bytes file;
  Elf64_Ehdr head = {};
  memcpy(head.e_ident, ELFMAG, SELFMAG);
  head.e_ident[EI_CLASS] = ELFCLASS64;
  head.e_ident[EI_DATA] = ELFDATA2LSB;
  head.e_type = ET_DYN;
  head.e_phoff = sizeof head;
  head.e_phentsize = sizeof(Elf64_Phdr);
  head.e_phnum = static_cast<uint16_t>(segments);
  head.e_shoff = head.e_phoff + segments * sizeof(Elf64_Phdr);
  head.e_shentsize = sizeof(Elf64_Shdr);
  head.e_shnum = static_cast<uint16_t>(sections);
  head.e_shstrndx = static_cast<uint16_t>(sections - 1);
  Put(&file, 0, head);
  for (size_t i = 0; i < segments; i++) {
    Elf64_Phdr segment = {};
    segment.p_type = PT_LOAD;
    segment.p_flags = PF_R | PF_X;
    segment.p_filesz = segment.p_memsz = 1 << 20;
    Put(&file, head.e_phoff + i * sizeof segment, segment);
  }
  const size_t names = head.e_shoff + sections * sizeof(Elf64_Shdr);
  for (size_t i = 0; i < sections; i++) {
    Elf64_Shdr section = {};
    section.sh_name = 1;
    section.sh_type = SHT_PROGBITS;
    section.sh_flags = i == 0 ? 0 : SHF_ALLOC;
    section.sh_addr = i;
    section.sh_size = 1 << 20;
    if (i == sections - 1) {
      section.sh_type = SHT_STRTAB;
      section.sh_flags = 0;
      section.sh_offset = names;
      section.sh_size = 7;
    }
    Put(&file, head.e_shoff + i * sizeof section, section);
  }
  const char table[7] = {'\0', '.', 'e', 'v', 'i', 'l', '\0'};
  Put(&file, names, table);
  return file;
}

Bytes OwnProgram() {
  Bytes file;
  FILE* stream = fopen("/bin/true", "re");
  if (stream == nullptr) return file;
  uint8_t buffer[4096];
  size_t n;
  while ((n = fread(buffer, 1, sizeof buffer, stream)) > 0) {
    file.insert(file.end(), buffer, buffer + n);
  }
  fclose(stream);
  return file;
}

void CheckImage(const ElfImage& image) {
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

}  // namespace

TEST(elf_parse_reads_a_program) {
  size_t asked = 0;
  ElfImage image;
  const Bytes file = Program(5, 2);
  CHECK(ParseElf(ReaderOf(file, &asked), &image));
  CHECK_EQ(image.sections.size(), 3u);
  CHECK(image.sections[0].name == ".evil");
  CHECK_EQ(image.segments.size(), 2u);
  CHECK_EQ(image.segments[0].prot, 5u);
}

TEST(elf_parse_is_bounded_whatever_the_headers_claim) {
  Bytes file = Program(4096, 1024);
  Elf64_Ehdr head;
  memcpy(&head, file.data(), sizeof head);
  // Numbers in section 0: more than fit in 16 bits.
  head.e_phnum = PN_XNUM;
  head.e_shnum = 0;
  Put(&file, 0, head);
  Elf64_Shdr first = {};
  first.sh_size = uint64_t{1} << 60;
  first.sh_info = 0xffffffff;
  Put(&file, head.e_shoff, first);
  Elf64_Shdr names;
  const size_t at = head.e_shoff + 4095 * sizeof names;
  memcpy(&names, file.data() + at, sizeof names);
  names.sh_size = ~uint64_t{0} - 1;
  Put(&file, at, names);
  size_t asked = 0;
  ElfImage image;
  CHECK(ParseElf(ReaderOf(file, &asked), &image));
  CheckImage(image);
  CHECK_EQ(image.segments.size(), kMaxSegments);
  CHECK(asked < (4u << 20));
}

TEST(elf_parse_survives_damaged_files) {
  const Bytes originals[] = {OwnProgram(), Program(40, 8)};
  Random random(20261125);
  for (int round = 0; round < 6000; round++) {
    Bytes file = originals[round % 2];
    CHECK(!file.empty());
    if (file.empty()) return;
    // Mostly where headers are: the start, and the section table at the end.
    for (uint64_t n = 1 + random.Below(30); n > 0; n--) {
      const size_t window = std::min<size_t>(file.size(), 0x2000);
      const size_t within =
          static_cast<size_t>(random.Below(random.Below(2) == 0 ? 0x200 : window)) % file.size();
      const bool front = random.Below(2) == 0;
      file[front ? within : file.size() - 1 - within] = static_cast<uint8_t>(random.Next());
    }
    if (random.Below(4) == 0) file.resize(static_cast<size_t>(random.Below(file.size() + 1)));
    size_t asked = 0;
    ElfImage image;
    if (ParseElf(ReaderOf(file, &asked), &image)) CheckImage(image);
    CHECK(asked < (4u << 20));
  }
}

TEST(elf_parse_survives_any_bytes) {
  Random random(7);
  for (int round = 0; round < 20000; round++) {
    Bytes file(static_cast<size_t>(random.Below(700)));
    for (uint8_t& byte : file)
      byte = static_cast<uint8_t>(random.Below(4) == 0 ? random.Next() : 0);
    if (file.size() > 20) {
      memcpy(file.data(), ELFMAG, SELFMAG);
      file[EI_CLASS] = static_cast<uint8_t>(1 + random.Below(2));
      file[EI_DATA] = static_cast<uint8_t>(1 + random.Below(2));
      file[file[EI_DATA] == ELFDATA2LSB ? 16 : 17] = static_cast<uint8_t>(2 + random.Below(2));
    }
    size_t asked = 0;
    ElfImage image;
    if (ParseElf(ReaderOf(file, &asked), &image)) CheckImage(image);
  }
}

TEST(reader_operations_survive_any_request) {
  Context context{"/proc", {}};
  Random random(11);
  for (int round = 0; round < 4000; round++) {
    Bytes request(static_cast<size_t>(random.Below(80)));
    for (uint8_t& byte : request) byte = static_cast<uint8_t>(random.Next());
    if (request.size() >= 4 && random.Below(2) == 0) {
      const uint32_t pid = static_cast<uint32_t>(getpid());
      memcpy(request.data(), &pid, sizeof pid);
    }
    if (request.size() > 37) request[37] = '/';
    Input input(request.data(), request.size());
    Output answer;
    const int error = Answer(static_cast<uint8_t>(random.Below(6)), &context, &input, &answer);
    CHECK(error >= 0);
    if (error != 0) CHECK(answer.bytes().empty());
  }
}

TEST(reader_operations_need_exact_requests) {
  Context context{"/proc", {}};
  const uint8_t bytes[5] = {1, 0, 0, 0, 0};
  Output answer;
  for (const size_t length : {0, 3, 5}) {
    Input input(bytes, length);
    CHECK_EQ(Answer(kMaps, &context, &input, &answer), EINVAL);
  }
  Input input(bytes, 4);
  CHECK_EQ(Answer(99, &context, &input, &answer), ENOSYS);
}
