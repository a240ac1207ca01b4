#include "elf_image.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <gelf.h>
#include <lzma.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace pagefault {
namespace symbols {

namespace {

// What .gnu_debugdata may need and yield. Fedora's largest hold some MB.
constexpr uint64_t kMaxUnpackMemory = 64 << 20;
constexpr size_t kMaxUnpacked = 64 << 20;

// The section of this name, or null.
Elf_Scn* FindSection(Elf* elf, const char* name) {
  size_t names;
  if (elf_getshdrstrndx(elf, &names) != 0) return nullptr;
  Elf_Scn* section = nullptr;
  while ((section = elf_nextscn(elf, section)) != nullptr) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr || header.sh_type == SHT_NOBITS) continue;
    const char* found = elf_strptr(elf, names, header.sh_name);
    if (found != nullptr && strcmp(found, name) == 0) return section;
  }
  return nullptr;
}

bool HasSymbolTable(Elf* elf) {
  Elf_Scn* section = nullptr;
  while ((section = elf_nextscn(elf, section)) != nullptr) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) != nullptr && header.sh_type == SHT_SYMTAB) return true;
  }
  return false;
}

bool Unpack(const Elf_Data& packed, std::vector<char>* out) {
  lzma_stream stream = LZMA_STREAM_INIT;
  if (lzma_stream_decoder(&stream, kMaxUnpackMemory, 0) != LZMA_OK) return false;
  stream.next_in = static_cast<const uint8_t*>(packed.d_buf);
  stream.avail_in = packed.d_size;
  lzma_ret result = LZMA_OK;
  while (result == LZMA_OK && out->size() < kMaxUnpacked) {
    const size_t had = out->size();
    out->resize(had + (1 << 20));
    stream.next_out = reinterpret_cast<uint8_t*>(out->data()) + had;
    stream.avail_out = out->size() - had;
    result = lzma_code(&stream, LZMA_FINISH);
    out->resize(out->size() - stream.avail_out);
  }
  lzma_end(&stream);
  return result == LZMA_STREAM_END;
}

}  // namespace

ElfImage::~ElfImage() {
  if (elf_ != nullptr) elf_end(elf_);
}

bool ElfImage::Open(Fd file) {
  file_ = std::move(file);
  elf_ = elf_begin(file_.get(), ELF_C_READ, nullptr);
  return elf_ != nullptr && elf_kind(elf_) == ELF_K_ELF;
}

bool ElfImage::OpenPacked(const ElfImage& stripped) {
  Elf_Scn* section = FindSection(stripped.elf_, ".gnu_debugdata");
  Elf_Data* packed = section == nullptr ? nullptr : elf_rawdata(section, nullptr);
  if (packed == nullptr || packed->d_buf == nullptr || !Unpack(*packed, &unpacked_)) return false;
  elf_ = elf_memory(unpacked_.data(), unpacked_.size());
  return elf_ != nullptr && elf_kind(elf_) == ELF_K_ELF;
}

bool ElfImage::Read(uint64_t offset, void* bytes, size_t count) const {
  if (!file_.ok()) return false;
  const ssize_t got = pread(file_.get(), bytes, count, static_cast<off_t>(offset));
  return got >= 0 && static_cast<size_t>(got) == count;
}

FileFacts ElfImage::Facts() const {
  FileFacts facts;
  facts.symbols = HasSymbolTable(elf_);
  facts.lines =
      FindSection(elf_, ".debug_info") != nullptr || FindSection(elf_, ".zdebug_info") != nullptr;
  const void* id;
  const ssize_t id_length = dwelf_elf_gnu_build_id(elf_, &id);
  if (id_length > 0) {
    facts.build_id.assign(static_cast<const char*>(id), static_cast<size_t>(id_length));
  }
  GElf_Word crc = 0;
  const char* link = dwelf_elf_gnu_debuglink(elf_, &crc);
  if (link != nullptr) facts.link = link;
  facts.link_crc = crc;
  Elf_Scn* section = FindSection(elf_, ".gnu_debugaltlink");
  const Elf_Data* alt = section == nullptr ? nullptr : elf_rawdata(section, nullptr);
  if (alt != nullptr && alt->d_buf != nullptr) {
    const char* bytes = static_cast<const char*>(alt->d_buf);
    facts.alt.assign(bytes, strnlen(bytes, alt->d_size));
    const size_t after = facts.alt.size() + 1;
    if (after < alt->d_size) facts.alt_id.assign(bytes + after, alt->d_size - after);
  }
  return facts;
}

bool ElfImage::HasCrc(uint32_t crc) const {
  std::vector<uint8_t> piece(256 << 10);
  uint32_t sum = 0;
  off_t at = 0;
  for (;;) {
    const ssize_t n = pread(file_.get(), piece.data(), piece.size(), at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    if (n == 0) return sum == crc;
    sum = lzma_crc32(piece.data(), static_cast<size_t>(n), sum);
    at += n;
  }
}

}  // namespace symbols
}  // namespace pagefault
