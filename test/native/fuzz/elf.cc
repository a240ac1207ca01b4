// Damaged programs and libraries through the reader's parser.
//
//   input   u8 number of the file (forged ones first), u64 its length, then patches: u64 offset, u8
//           length (at most 8), the bytes

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../bytes.h"
#include "../elf_files.h"
#include "mutate.h"

namespace pagefault {
namespace fuzz {

namespace {

using namespace pagefault::test;
using reader::ElfImage;
using reader::ReadAt;

struct Piece {
  uint64_t offset;
  size_t length;
};

// The bytes of a file, and where its headers are.
class Seed {
 public:
  Seed(const uint8_t* bytes, size_t length) : bytes_(bytes), length_(length) { FindHeaders(); }
  explicit Seed(const ElfPlan& plan) : own_(ElfFile(plan).bytes) {
    bytes_ = own_.data();
    length_ = own_.size();
    FindHeaders();
  }
  Seed(Seed&&) = default;
  const uint8_t* bytes() const { return bytes_; }
  size_t length() const { return length_; }
  const std::vector<Piece>& headers() const { return headers_; }

 private:
  void FindHeaders() {
    ElfImage image;
    const ReadAt read = [this](uint64_t offset, uint8_t* to, size_t length) -> size_t {
      if (offset >= length_) return 0;
      const size_t n = std::min(length, length_ - static_cast<size_t>(offset));
      if (n > 0) headers_.push_back({offset, n});
      memcpy(to, bytes_ + offset, n);
      return n;
    };
    CHECK(reader::ParseElf(read, &image));
  }

  std::vector<uint8_t> own_;
  const uint8_t* bytes_;
  size_t length_;
  std::vector<Piece> headers_;
};

// A seed with patches over it: no copy of a program of 100 MB for one changed byte.
class Damaged {
 public:
  Damaged(const Seed& seed, Script* script) : seed_(seed) {
    length_ = std::min<uint64_t>(script->Take<uint64_t>(), seed.length());
    while (!script->done()) {
      const uint64_t offset = script->Take<uint64_t>();
      patches_.push_back({offset, script->Take(std::min<size_t>(script->Take<uint8_t>(), 8))});
    }
  }
  size_t Read(uint64_t offset, uint8_t* to, size_t length) const {
    if (offset >= length_ || length == 0) return 0;
    const size_t n = std::min(length, static_cast<size_t>(length_ - offset));
    memcpy(to, seed_.bytes() + offset, n);
    for (const auto& patch : patches_) {
      for (size_t i = 0; i < patch.second.size(); i++) {
        const uint64_t at = patch.first + i - offset;
        if (at < n) to[at] = patch.second[i];
      }
    }
    return n;
  }

 private:
  const Seed& seed_;
  uint64_t length_;
  std::vector<std::pair<uint64_t, Bytes>> patches_;
};

class ElfKind : public Kind {
 public:
  explicit ElfKind(const std::vector<std::string>& files) {
    for (int flavour = 0; flavour < 4; flavour++) {
      ElfPlan plan;
      plan.wide = (flavour & 1) == 0;
      plan.little = (flavour & 2) == 0;
      plan.sections = 12;
      plan.segments = 4;
      seeds_.emplace_back(plan);
    }
    ElfPlan large;
    large.sections = 4096;
    large.segments = 1024;
    large.name_length = 100000;
    seeds_.emplace_back(large);
    AddVdso();
    for (const std::string& file : files) AddFile(file);
  }

  size_t Make(Random* random, Bytes* input) override {
    size_t number = static_cast<size_t>(random->Below(seeds_.size()));
    if (number == kLarge && random->Below(32) != 0) number = 0;
    const Seed& seed = seeds_[number];
    Put(input, static_cast<uint8_t>(number));
    Put(input, random->Below(8) == 0 ? random->Below(seed.length() + 1) : uint64_t{seed.length()});
    for (uint64_t left = 1 + random->Below(12); left > 0; left--) Patch(random, seed, input);
    return 1;
  }

  void Run(const Bytes& input) override {
    Script script(input);
    const Damaged file(seeds_[script.Take<uint8_t>() % seeds_.size()], &script);
    size_t asked = 0;
    ElfImage image;
    const ReadAt read = [&](uint64_t offset, uint8_t* to, size_t length) {
      asked += length;
      CHECK(offset <= reader::kMaxNumber);
      return file.Read(offset, to, length);
    };
    if (reader::ParseElf(read, &image)) CheckImage(image);
    CHECK(reader::ParseBuildId(read).size() <= reader::kMaxBuildId);
    CHECK(asked < kMostAsked);
  }

 private:
  static constexpr size_t kLarge = 4;

  static void Patch(Random* random, const Seed& seed, Bytes* input) {
    const std::vector<Piece>& headers = seed.headers();
    // The first is the file's own header: all others are found by it.
    const Piece& piece =
        headers[random->Below(3) == 0 ? 0 : static_cast<size_t>(random->Below(headers.size()))];
    uint64_t within = random->Below(piece.length);
    if (random->Below(4) != 0) within &= ~uint64_t{1};
    // Entries at the start of a table are looked at first.
    if (random->Below(2) == 0) within %= 256;
    uint8_t bytes[8];
    const uint64_t number = EdgeNumber(random);
    memcpy(bytes, &number, sizeof bytes);
    if (random->Below(4) == 0) std::reverse(bytes, bytes + sizeof bytes);
    const uint8_t length = static_cast<uint8_t>(1 << random->Below(4));
    Put(input, piece.offset + within);
    Put(input, length);
    input->insert(input->end(), bytes, bytes + length);
  }

  void AddVdso() {
    const uint8_t* vdso = reinterpret_cast<const uint8_t*>(getauxval(AT_SYSINFO_EHDR));
    if (vdso == nullptr) return;  // a kernel built without, or gVisor
    Elf64_Ehdr head;
    memcpy(&head, vdso, sizeof head);
    // Its section table is its end, within the mapping.
    seeds_.emplace_back(vdso, head.e_shoff + size_t{head.e_shnum} * head.e_shentsize);
  }

  void AddFile(const std::string& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat stat;
    CHECK(fd >= 0 && fstat(fd, &stat) == 0);
    if (fd < 0) return;
    const size_t length = static_cast<size_t>(stat.st_size);
    // Given back with the process.
    void* bytes = mmap(nullptr, length, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    CHECK(bytes != MAP_FAILED);
    if (bytes != MAP_FAILED) seeds_.emplace_back(static_cast<const uint8_t*>(bytes), length);
  }

  std::vector<Seed> seeds_;
};

}  // namespace

std::unique_ptr<Kind> Elf(const std::vector<std::string>& files) {
  return std::make_unique<ElfKind>(files);
}

}  // namespace fuzz
}  // namespace pagefault
