// Names the places of one mapped file, out of it and of what belongs to it.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "debug_info.h"
#include "elf_image.h"
#include "frame_tables.h"
#include "names_answer.h"
#include "segments.h"
#include "symbol_table.h"

namespace pagefault {
namespace symbols {

// A source file and the directory that it counts from.
struct FilePlace {
  const char* file;
  const char* directory;
  bool operator==(const FilePlace& other) const {
    return file == other.file && directory == other.directory;
  }
};
struct FilePlaceHash {
  size_t operator()(const FilePlace& place) const {
    const std::hash<const char*> hash;
    return hash(place.file) * 31 + hash(place.directory);
  }
};

class Namer {
 public:
  // Takes a file. False where it is none, or none that belongs to the main file, which has to come
  // first. `facts` is what it says of itself.
  bool Load(Role role, Level level, uint32_t crc, Fd file, FileFacts* facts);
  // Places as protocol.h has them.
  void Answer(reader::Input* places, size_t count, NamesAnswer* out);

 private:
  void Prepare();
  // Null without DWARF.
  DebugInfo* Lines();
  // kNoAddress where no segment holds the place.
  uint64_t AddressOf(uint8_t flags, uint64_t value) const;
  // No frame pointer is set up there, or nothing tells that one is.
  bool IsFrameless(uint64_t address);
  // The function begins with setting one up.
  bool SetsFrame(uint64_t address) const;
  void NamePlace(uint8_t flags, uint64_t value, NamesAnswer* out);
  void NameCode(uint64_t address, NamesAnswer* out, std::vector<NamedFrame>* frames);
  void NameData(const Symbol* symbol, uint64_t address, NamesAnswer* out,
                std::vector<NamedFrame>* frames);
  // A name as it is shown. Kept by where it stands in the file: demangling takes longest.
  const std::string& Shown(const char* name);
  // The numbers of names and of source files in an answer. Of most places somebody has asked
  // before.
  uint32_t NameIn(NamesAnswer* out, const char* name);
  uint32_t FileIn(NamesAnswer* out, const SourceFrame& source);

  Level level_ = kEverything;
  std::unique_ptr<ElfImage> main_, debug_, alt_, packed_;
  FileFacts main_facts_;
  bool prepared_ = false;
  Segments segments_;
  SymbolTable symbols_;
  const ElfImage* with_lines_ = nullptr;  // where DWARF is, until it is opened
  std::unique_ptr<DebugInfo> lines_;
  std::unique_ptr<FrameTables> tables_;  // when somebody has asked
  std::vector<SourceFrame> found_;
  std::vector<NamedFrame> frames_;
  std::unordered_map<const char*, std::string> shown_;
  // Of the answer at hand, by where they stand in the file.
  std::unordered_map<const char*, uint32_t> name_numbers_;
  std::unordered_map<FilePlace, uint32_t, FilePlaceHash> file_numbers_;
};

}  // namespace symbols
}  // namespace pagefault
