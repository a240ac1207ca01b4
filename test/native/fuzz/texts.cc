// Files of /proc/PID as text: maps, smaps, stat, syscall.
//
//   input   u8 which (Which), u8 length of the pieces in which it is read, the text

#include "../bytes.h"
#include "mutate.h"
#include "proc/procfs_text.h"
#include "reader/maps_text.h"
#include "reader/smaps.h"

namespace pagefault {
namespace fuzz {

namespace {

using test::Put;

enum Which : uint8_t { kMaps, kSmaps, kStat, kSyscall, kWhich };

constexpr size_t kMaxFile = 16384;
constexpr uint64_t kAsked = 0x7f1c32a00000;

const char* const kSeeds[kWhich] = {
    "55d0c0a00000-55d0c0a21000 r--p 00000000 fe:00 339380                     /usr/lib/a b.so\n"
    "7f1c32a00000-7f1c32a28000 r-xp 00026000 fe:00 339381                     /srv/new\\012line\n"
    "7ffd1c5e2000-7ffd1c603000 rw-p 00000000 00:00 0                          [stack]\n"
    "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n",
    "7f1c32a00000-7f1c32a28000 rw-p 00000000 00:00 0 \n"
    "Size:                160 kB\nRss:                   8 kB\nAnonymous:             8 kB\n"
    "VmFlags: rd wr mr mw me ac sd um uw \n"
    "7f1c32a28000-7f1c32a2a000 rw-p 00000000 00:00 0 \n"
    "VmFlags: rd wr mr mw me ac ui \n",
    ("1234 (a) R 1 (b) S 1 1234 1234 34816 1234 4194304 217 30 4 5 0 0 0 0 20 0 3 0 8812345 "
     "2670592 229 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n"),
    "232 0x4 0x7ffd1c601230 0x20 0xffffffff 0x0 0x8 0x7ffd1c601200 0x7f1c32a0f1c7\n",
};

class TextsKind : public Kind {
 public:
  size_t Make(Random* random, Bytes* input) override {
    const uint8_t which = static_cast<uint8_t>(random->Below(kWhich));
    Put(input, which);
    Put(input, static_cast<uint8_t>(random->Below(256)));
    const char* seed = kSeeds[which];
    Bytes text(seed, seed + strlen(seed));
    DamageText(random, &text, kMaxFile);
    input->insert(input->end(), text.begin(), text.end());
    return 1;
  }

  void Run(const Bytes& input) override {
    Script script(input);
    const uint8_t which = script.Take<uint8_t>() % kWhich;
    const size_t piece = script.Take<uint8_t>() + size_t{1};
    const Bytes text = script.Rest();
    const char* chars = reinterpret_cast<const char*>(text.data());
    if (which == kMaps) {
      const std::string name = reader::NameInMaps(chars, text.size(), kAsked);
      CHECK(name.size() <= text.size());
      CHECK(name.empty() || name[0] == '/');
    } else if (which == kSmaps) {
      std::vector<reader::GuardedRange> ranges;
      reader::SmapsScanner scanner(&ranges);
      for (size_t at = 0; at < text.size(); at += piece) {
        scanner.Push(chars + at, std::min(piece, text.size() - at));
      }
      reader::MappingText mapping(kAsked >> 12);
      for (size_t at = 0; at < text.size(); at += piece) {
        if (!mapping.Push(chars + at, std::min(piece, text.size() - at))) break;
      }
      CHECK(mapping.text().size() <= text.size());
      for (const reader::GuardedRange& range : ranges) {
        CHECK(range.flags != 0 && range.flags <= 3);
        CHECK(range.start < uint64_t{1} << 52 && range.end < uint64_t{1} << 52);
      }
    } else {
      // Read into a buffer and ended with a NUL, as procfs.cc does.
      const std::string line(chars, text.size());
      ProcessStat stat;
      TaskStatus status;
      CHECK(!ParseStatusText(line.c_str(), &status) || status.state != '\0');
      if (which == kSyscall)
        StackPointerInText(line.c_str());
      else if (ParseStatText(line.c_str(), &stat))
        CHECK(stat.state != ' ');
      else
        CHECK(stat.state == '?');
    }
  }
};

}  // namespace

std::unique_ptr<Kind> Texts() {
  return std::make_unique<TextsKind>();
}

}  // namespace fuzz
}  // namespace pagefault
