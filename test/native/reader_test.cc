#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <unistd.h>

#include <cstring>

#include "check.h"
#include "elf_files.h"
#include "reader/elf_parse.h"
#include "reader/maps_text.h"
#include "reader/operations.h"

using namespace pagefault::reader;
using namespace pagefault::test;

TEST(elf_parse_reads_both_classes_and_byte_orders) {
  for (int flavour = 0; flavour < 4; flavour++) {
    ElfPlan plan;
    plan.wide = (flavour & 1) != 0;
    plan.little = (flavour & 2) != 0;
    size_t asked = 0;
    ElfImage image;
    const ElfFile file(plan);
    CHECK(ParseElf(ReaderOf(file.bytes, &asked), &image));
    CheckImage(image);
    CHECK_EQ(image.sections.size(), 3u);
    CHECK(image.sections[0].name == ".eeee");
    CHECK_EQ(image.segments.size(), 2u);
    CHECK_EQ(image.segments[0].prot, 5u);
    CHECK_EQ(image.segments[0].mem_size, 1u << 20);
  }
}

// What the loader has of our own program is the truth.
TEST(elf_parse_finds_the_build_id) {
  std::string truth;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* out) {
        for (int i = 0; i < info->dlpi_phnum; i++) {
          const ElfW(Phdr)& header = info->dlpi_phdr[i];
          if (header.p_type != PT_NOTE) continue;
          const char* note = reinterpret_cast<const char*>(info->dlpi_addr + header.p_vaddr);
          for (const char* const end = note + header.p_memsz; note < end;) {
            ElfW(Nhdr) head;
            memcpy(&head, note, sizeof head);
            const char* content = note + sizeof head + ((head.n_namesz + 3) & ~3u);
            if (head.n_type == NT_GNU_BUILD_ID)
              static_cast<std::string*>(out)->assign(content, head.n_descsz);
            note = content + ((head.n_descsz + 3) & ~3u);
          }
        }
        return 1;  // the program comes first
      },
      &truth);
  const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  CHECK(file >= 0);
  const ReadAt read = [file](uint64_t offset, uint8_t* to, size_t length) {
    const ssize_t n = pread(file, to, length, static_cast<off_t>(offset));
    return n < 0 ? 0 : static_cast<size_t>(n);
  };
  CHECK(!truth.empty());
  CHECK(ParseBuildId(read) == truth);
  close(file);
}

TEST(elf_parse_is_bounded_whatever_the_headers_claim) {
  ElfPlan plan;
  plan.sections = 4096;
  plan.segments = 1024;
  ElfFile file(plan);
  // Numbers in section 0: more than fit in 16 bits.
  file.Put(offsetof(Elf64_Ehdr, e_phnum), 2, PN_XNUM);
  file.Put(offsetof(Elf64_Ehdr, e_shnum), 2, 0);
  file.Put(file.section_table + offsetof(Elf64_Shdr, sh_size), 8, uint64_t{1} << 60);
  file.Put(file.section_table + offsetof(Elf64_Shdr, sh_info), 4, 0xffffffff);
  const size_t names = file.section_table + 4095 * sizeof(Elf64_Shdr);
  file.Put(names + offsetof(Elf64_Shdr, sh_size), 8, ~uint64_t{0} - 1);
  size_t asked = 0;
  ElfImage image;
  CHECK(ParseElf(ReaderOf(file.bytes, &asked), &image));
  CheckImage(image);
  CHECK_EQ(image.segments.size(), kMaxSegments);
  CHECK(asked < kMostAsked);
}

TEST(names_in_maps_are_whole_and_unescaped) {
  const std::string path = "/" + std::string(5000, 'x') + " y\\012z (deleted)";
  const std::string text =
      "00400000-00401000 r--p 00000000 fe:00 7 /a\n"
      "7f0000000000-7f0000001000 r--p 00000000 fe:00 8     " +
      path +
      "\n"
      "7f0000001000-7f0000002000 rw-p 00000000 00:00 0 \n";
  CHECK(NameInMaps(text.data(), text.size(), 0x400000) == "/a");
  CHECK(NameInMaps(text.data(), text.size(), 0x7f0000000000) ==
        "/" + std::string(5000, 'x') + " y\nz (deleted)");
  CHECK(NameInMaps(text.data(), text.size(), 0x7f0000001000).empty());
  CHECK(NameInMaps(text.data(), text.size(), 0x7f00000000).empty());
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
