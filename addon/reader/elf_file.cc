// The headers of the file behind a mapping (mapped_file.h).
//
//   request   a mapping, as ReadMapping has it
//   answer    u8 what was found (Found). For all but kOther: u64 device, inode, size, i64 mtime and
//             ctime (ns) of the file, as stat(2) has them. For kProgram: u32 segments, each f64
//             offset, address, file size, memory size, u8 prot; u32 sections, each f64 address,
//             size, u8 1 for SHT_NOBITS, u16 length of the name, the name; u8 length of the build
//             id, the build id, nothing of these two where it has none and nothing follows; u32 pid
//             of who keeps the file (kept_files.h) and u32 its descriptor, nothing where nobody
//             does
//   errno     why no file could be reached

#include <errno.h>
#include <unistd.h>

#include "elf_parse.h"
#include "mapped_file.h"
#include "operations.h"

namespace pagefault {
namespace reader {

namespace {

enum Found : uint8_t {
  kOther = 0,    // a file, but not the mapping's
  kData = 1,     // not read
  kNoElf = 2,    // a program by its name or mode, but no ELF image
  kProgram = 3,  // an ELF image
};

void WriteImage(const ElfImage& image, Output* answer) {
  answer->U32(static_cast<uint32_t>(image.segments.size()));
  for (const ElfSegment& segment : image.segments) {
    answer->F64(static_cast<double>(segment.offset));
    answer->F64(static_cast<double>(segment.address));
    answer->F64(static_cast<double>(segment.file_size));
    answer->F64(static_cast<double>(segment.mem_size));
    answer->U8(segment.prot);
  }
  answer->U32(static_cast<uint32_t>(image.sections.size()));
  for (const ElfSection& section : image.sections) {
    answer->F64(static_cast<double>(section.address));
    answer->F64(static_cast<double>(section.size));
    answer->U8(section.nobits ? 1 : 0);
    answer->U16(static_cast<uint16_t>(section.name.size()));
    answer->Raw(section.name.data(), section.name.size());
  }
}

void WriteStat(Found found, const struct stat& stat, Output* answer) {
  answer->U8(found);
  answer->U64(stat.st_dev);
  answer->U64(stat.st_ino);
  answer->U64(static_cast<uint64_t>(stat.st_size));
  for (const struct timespec& time : {stat.st_mtim, stat.st_ctim}) answer->U64(Nanoseconds(time));
}

}  // namespace

int ElfHeaders(Context* context, Input* request, Output* answer) {
  Mapping mapping;
  if (!ReadMapping(request, &mapping) || mapping.name.empty() || mapping.name[0] != '/') {
    return EINVAL;
  }
  MappedFile mapped;
  const int error = OpenMapped(*context, mapping, &mapped);
  if (error != 0) return error;
  if (mapped.kind == MappedFile::kOther) {
    answer->U8(kOther);
    return 0;
  }
  if (mapped.kind == MappedFile::kData) {
    WriteStat(kData, mapped.stat, answer);
    return 0;
  }
  ElfImage image;
  const bool elf = ParseElf(ReaderOf(mapped.file.get()), &image);
  WriteStat(elf ? kProgram : kNoElf, mapped.stat, answer);
  if (!elf) return 0;
  WriteImage(image, answer);
  const std::string id = ParseBuildId(ReaderOf(mapped.file.get()));
  const int kept = mapping.build_id.empty() ? context->kept.Keep(mapping, mapped) : -1;
  if (id.empty() && kept < 0) return 0;
  answer->U8(static_cast<uint8_t>(id.size()));
  answer->Raw(id.data(), id.size());
  if (kept < 0) return 0;
  answer->U32(static_cast<uint32_t>(getpid()));
  answer->U32(static_cast<uint32_t>(kept));
  return 0;
}

}  // namespace reader
}  // namespace pagefault
