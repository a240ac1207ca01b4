// What pagefault-reader and pagefault-symbols say to each other, in the messages of message.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pagefault {
namespace symbols {

enum What : uint8_t {
  kReady = 1,    // symbols: everything is given up, files may come
  kLoad = 2,     // reader: a file, and u8 Role, u8 Level, u32 CRC (kLinked)
  kLoaded = 3,   // symbols: u8 1 where the file is taken, then FileFacts
  kAsk = 4,      // reader: places, each u8 flags (kPlace...), u64 value
  kNamed = 5,    // symbols: their names (names_answer.h)
  kUnwind = 6,   // reader: stacks, with the modules that they may go through (unwind_format.h)
  kWant = 7,     // symbols: u32 number of a module of the question, whose file is wanted
  kGive = 8,     // reader: that file, or none
  kUnwound = 9,  // symbols: the chains
};

enum Role : uint8_t {
  kMain = 0,     // the mapped file
  kDebug = 1,    // a debug file that has to have the build id of the mapped file
  kLinked = 2,   // one that has to have it, or the CRC that stood in .gnu_debuglink
  kAlt = 3,      // what dwz has moved out of several debug files
  kJitMap = 4,   // a /tmp/perf-PID.map, alone; when it comes again it has grown
  kJitDump = 5,  // a jit-PID.dump, likewise
};

enum Level : uint8_t {
  kEverything = 0,
  kPlain = 1,  // the names of symbols as they stand: no DWARF, nothing demangled
};

constexpr uint8_t kPlaceData = 1;    // a symbol of data is wanted
constexpr uint8_t kPlaceFrame = 4;   // of code: whether a frame pointer is set up there
constexpr uint8_t kPlaceLinked = 2;  // the value is a link-time address, no offset in the file
constexpr uint8_t kPlaceTls = 8;     // or one among thread-local variables, of which one is wanted
constexpr uint8_t kPlaceFlags = 15;
// All: protection of the mapping that the place is in (PROT_READ 1, PROT_WRITE 2, PROT_EXEC 4).
constexpr int kPlaceProtShift = 4;
constexpr size_t kPlaceBytes = 9;
constexpr size_t kMaxPlaces = 4096;

// Of what a file says of itself. Hostile, like all of it.
struct FileFacts {
  bool symbols = false;  // it has a .symtab
  bool lines = false;    // it has DWARF
  std::string build_id;  // raw
  std::string link;      // .gnu_debuglink
  uint32_t link_crc = 0;
  std::string alt;     // .gnu_debugaltlink: a path
  std::string alt_id;  // and a build id
};

constexpr size_t kMaxBuildId = 64;
constexpr size_t kMaxLink = 4096;

std::vector<uint8_t> WriteFacts(bool taken, const FileFacts& facts);
// False where that is no answer to kLoad.
bool ReadFacts(const std::vector<uint8_t>& payload, bool* taken, FileFacts* facts);

}  // namespace symbols
}  // namespace pagefault
