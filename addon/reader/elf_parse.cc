#include "elf_parse.h"

#include <elf.h>

#include <algorithm>
#include <cstring>

namespace pagefault {
namespace reader {

namespace {

constexpr uint64_t kNone = ~uint64_t{0};

// Integers of either width and byte order out of a piece of the file. What lies outside reads as
// kNone, which no check below lets through.
class Fields {
 public:
  Fields(const uint8_t* bytes, size_t length, bool wide, bool little)
      : bytes_(bytes), length_(length), wide_(wide), little_(little) {}
  Fields Of(const uint8_t* bytes, size_t length) const {
    return Fields(bytes, length, wide_, little_);
  }
  bool wide() const { return wide_; }
  uint64_t U16(size_t at) const { return Number(at, 2); }
  uint64_t U32(size_t at) const { return Number(at, 4); }
  // An address, offset or size.
  uint64_t Word(size_t at) const { return Number(at, wide_ ? 8 : 4); }

 private:
  uint64_t Number(size_t at, size_t width) const {
    if (at > length_ || width > length_ - at) return kNone;
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++) {
      value = value << 8 | bytes_[at + (little_ ? width - 1 - i : i)];
    }
    return value;
  }
  const uint8_t* bytes_;
  size_t length_;
  bool wide_;
  bool little_;
};

struct Header {
  uint64_t phoff, shoff;
  uint64_t phentsize, phnum, shentsize, shnum, shstrndx;
};

Header ReadHeader(const Fields& f) {
  const size_t tail = f.wide() ? 54 : 42;
  return {f.Word(f.wide() ? 32 : 28),
          f.Word(f.wide() ? 40 : 32),
          f.U16(tail),
          f.U16(tail + 2),
          f.U16(tail + 4),
          f.U16(tail + 6),
          f.U16(tail + 8)};
}

// A header table, read in one piece.
class Table {
 public:
  Table(const ReadAt& read, const Fields& like, uint64_t offset, uint64_t entry, size_t count,
        size_t needed)
      : like_(like), entry_(entry), needed_(needed) {
    // Entries longer than the ABI's are legal, absurdly long ones are not.
    if (offset == 0 || offset > kMaxNumber || entry < needed || entry > 256) return;
    bytes_.resize(entry * count);
    bytes_.resize(read(offset, bytes_.data(), bytes_.size()));
  }
  // False where the table does not reach that far.
  bool Row(size_t i, Fields* out) const {
    const size_t at = i * entry_;
    if (at > bytes_.size() || needed_ > bytes_.size() - at) return false;
    *out = like_.Of(bytes_.data() + at, needed_);
    return true;
  }

 private:
  const Fields& like_;
  size_t entry_;
  size_t needed_;
  std::vector<uint8_t> bytes_;
};

size_t SectionBytes(const Fields& f) {
  return f.wide() ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
}

size_t SegmentBytes(const Fields& f) {
  return f.wide() ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
}

bool Sane(uint64_t a, uint64_t b) {
  return a <= kMaxNumber && b <= kMaxNumber && a + b <= kMaxNumber;
}

void ReadSegments(const ReadAt& read, const Fields& f, const Header& header, const Fields* first,
                  std::vector<ElfSegment>* out) {
  const bool wide = f.wide();
  uint64_t claimed = header.phnum;
  // More than 65,534 program headers: the number stands in section 0's sh_info.
  if (claimed == PN_XNUM) claimed = first == nullptr ? 0 : first->U32(wide ? 44 : 28);
  const size_t count = static_cast<size_t>(std::min<uint64_t>(claimed, kMaxProgramHeaders));
  const Table table(read, f, header.phoff, header.phentsize, count, SegmentBytes(f));
  Fields row = f;
  for (size_t i = 0; i < count && out->size() < kMaxSegments && table.Row(i, &row); i++) {
    if (row.U32(0) != PT_LOAD) continue;
    const uint64_t flags = row.U32(wide ? 4 : 24);
    ElfSegment segment;
    segment.offset = row.Word(wide ? 8 : 4);
    segment.address = row.Word(wide ? 16 : 8);
    segment.file_size = row.Word(wide ? 32 : 16);
    segment.mem_size = row.Word(wide ? 40 : 20);
    segment.prot = static_cast<uint8_t>((flags & PF_R ? 1 : 0) | (flags & PF_W ? 2 : 0) |
                                        (flags & PF_X ? 4 : 0));
    if (segment.file_size <= segment.mem_size && Sane(segment.offset, segment.file_size) &&
        Sane(segment.address, segment.mem_size)) {
      out->push_back(segment);
    }
  }
}

std::vector<uint8_t> ReadNames(const ReadAt& read, const Fields& f, const Header& header,
                               uint64_t index) {
  std::vector<uint8_t> names;
  // Read apart: the name table is the last section as a rule, which may lie beyond the cap.
  if (!Sane(header.shoff, index * header.shentsize)) return names;
  const uint64_t offset = header.shoff + index * header.shentsize;
  const Table table(read, f, offset, header.shentsize, 1, SectionBytes(f));
  Fields row = f;
  if (!table.Row(0, &row)) return names;
  const uint64_t from = row.Word(f.wide() ? 24 : 16);
  const uint64_t size = row.Word(f.wide() ? 32 : 20);
  if (from == 0 || from > kMaxNumber || size == kNone) return names;
  names.resize(static_cast<size_t>(std::min<uint64_t>(size, kMaxNameTable)));
  names.resize(read(from, names.data(), names.size()));
  return names;
}

std::string NameAt(const std::vector<uint8_t>& names, uint64_t at) {
  if (at >= names.size()) return "";
  const char* from = reinterpret_cast<const char*>(names.data()) + at;
  return std::string(from, strnlen(from, std::min(kMaxName, names.size() - at)));
}

void ReadSections(const ReadAt& read, const Fields& f, const Header& header, const Fields* first,
                  std::vector<ElfSection>* out) {
  if (first == nullptr) return;
  const bool wide = f.wide();
  // More than 65,279 sections: number and index of the name table stand in section 0.
  const uint64_t claimed = header.shnum == 0 ? first->Word(wide ? 32 : 20) : header.shnum;
  const size_t count = static_cast<size_t>(std::min<uint64_t>(claimed, kMaxSections));
  const uint64_t index =
      header.shstrndx == SHN_XINDEX ? first->U32(wide ? 40 : 24) : header.shstrndx;
  const std::vector<uint8_t> names = ReadNames(read, f, header, index);
  const Table table(read, f, header.shoff, header.shentsize, count, SectionBytes(f));
  Fields row = f;
  out->reserve(count);
  for (size_t i = 1; i < count && table.Row(i, &row); i++) {
    const uint64_t flags = row.Word(8);
    const bool nobits = row.U32(4) == SHT_NOBITS;
    if ((flags & SHF_ALLOC) == 0 || (nobits && (flags & SHF_TLS) != 0)) continue;
    const uint64_t address = row.Word(wide ? 16 : 12);
    const uint64_t size = row.Word(wide ? 32 : 20);
    if (size == 0 || !Sane(address, size)) continue;
    out->push_back({NameAt(names, row.U32(0)), address, size, nobits});
  }
  const auto lower = [](const ElfSection& a, const ElfSection& b) { return a.address < b.address; };
  // As linkers write them; to sort thousands with their names costs as much as all the rest.
  if (std::is_sorted(out->begin(), out->end(), lower)) return;
  std::stable_sort(out->begin(), out->end(), lower);
}

// False where the file is no program and no library. `fields` are in `ident`.
bool ReadIdent(const ReadAt& read, uint8_t (&ident)[sizeof(Elf64_Ehdr)], Fields* fields) {
  const size_t length = read(0, ident, sizeof ident);
  if (length < sizeof(Elf32_Ehdr) || memcmp(ident, ELFMAG, SELFMAG) != 0) return false;
  const uint8_t elf_class = ident[EI_CLASS];
  const uint8_t order = ident[EI_DATA];
  if (elf_class != ELFCLASS32 && elf_class != ELFCLASS64) return false;
  if (order != ELFDATA2LSB && order != ELFDATA2MSB) return false;
  const bool wide = elf_class == ELFCLASS64;
  if (wide && length < sizeof(Elf64_Ehdr)) return false;
  *fields = Fields(ident, length, wide, order == ELFDATA2LSB);
  const uint64_t type = fields->U16(16);
  return type == ET_EXEC || type == ET_DYN;
}

// Notes: size of name and of content, type, then both, each padded to 4 bytes.
std::string BuildIdIn(const Fields& like, const std::vector<uint8_t>& notes) {
  constexpr size_t kHead = 12;
  constexpr char kGnu[] = "GNU";
  const auto padded = [](uint64_t size) { return (size + 3) & ~uint64_t{3}; };
  for (size_t at = 0; at + kHead <= notes.size();) {
    const Fields head = like.Of(notes.data() + at, notes.size() - at);
    const uint64_t name = head.U32(0), size = head.U32(4);
    if (padded(name) + padded(size) > notes.size() - at - kHead) break;
    const uint8_t* const text = notes.data() + at + kHead;
    const bool found = head.U32(8) == NT_GNU_BUILD_ID && name == sizeof kGnu && size > 0;
    if (found && size <= kMaxBuildId && memcmp(text, kGnu, sizeof kGnu) == 0) {
      return std::string(reinterpret_cast<const char*>(text + padded(name)), size);
    }
    at += kHead + padded(name) + padded(size);
  }
  return "";
}

}  // namespace

std::string ParseBuildId(const ReadAt& read) {
  uint8_t ident[sizeof(Elf64_Ehdr)];
  Fields fields(ident, 0, false, false);
  if (!ReadIdent(read, ident, &fields)) return "";
  const Header header = ReadHeader(fields);
  const bool wide = fields.wide();
  const size_t count = static_cast<size_t>(std::min<uint64_t>(header.phnum, kMaxSegments));
  const Table table(read, fields, header.phoff, header.phentsize, count, SegmentBytes(fields));
  Fields row = fields;
  for (size_t i = 0; i < count && table.Row(i, &row); i++) {
    if (row.U32(0) != PT_NOTE) continue;
    const uint64_t offset = row.Word(wide ? 8 : 4);
    const uint64_t size = row.Word(wide ? 32 : 16);
    if (!Sane(offset, size)) continue;
    std::vector<uint8_t> notes(static_cast<size_t>(std::min<uint64_t>(size, kMaxNotes)));
    notes.resize(read(offset, notes.data(), notes.size()));
    const std::string id = BuildIdIn(fields, notes);
    if (!id.empty()) return id;
  }
  return "";
}

bool ParseElf(const ReadAt& read, ElfImage* out) {
  uint8_t ident[sizeof(Elf64_Ehdr)];
  Fields fields(ident, 0, false, false);
  if (!ReadIdent(read, ident, &fields)) return false;
  const Header header = ReadHeader(fields);
  const Table table(read, fields, header.shoff, header.shentsize, 1, SectionBytes(fields));
  Fields row = fields;
  const Fields* first = table.Row(0, &row) ? &row : nullptr;
  ReadSections(read, fields, header, first, &out->sections);
  ReadSegments(read, fields, header, first, &out->segments);
  return !out->segments.empty();
}

}  // namespace reader
}  // namespace pagefault
