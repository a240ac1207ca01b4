// The text of /proc/PID/smaps: which mappings are registered with userfaultfd (VmFlags,
// show_smap_vma_flags in fs/proc/task_mmu.c), and what is said of one of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace pagefault {
namespace reader {

constexpr uint8_t kGuardAbsent = 1;  // um, ui: missing and minor faults
constexpr uint8_t kGuardWrite = 2;   // uw: write protection

struct GuardedRange {
  uint64_t start, end;  // pages
  uint8_t flags;
};

// Neighbours are one range. More than that are of a hostile process: the lowest will do.
constexpr size_t kMaxGuardedRanges = 4096;

// Hands out the text of a process in pieces, to its end or until `push` returns false. Returns 0 or
// an errno. The kernel walks the page tables of each mapping for it, with the mmap_lock of the
// process held: it may take long.
int ReadSmaps(const std::string& proc, uint32_t pid,
              const std::function<bool(const char* bytes, size_t length)>& push);

// Takes the text in pieces, line by line. Names in it have no newlines: the kernel escapes them.
class SmapsScanner {
 public:
  explicit SmapsScanner(std::vector<GuardedRange>* out) : out_(out) {}
  void Push(const char* bytes, size_t length);

 private:
  void Line();
  void Flags();
  bool Has(const char* flag) const { return line_.find(flag) != std::string::npos; }

  std::vector<GuardedRange>* out_;
  std::string line_;
  uint64_t start_ = 0, end_ = 0;
};

// The lines about the mapping of one page (4 KiB).
class MappingText {
 public:
  explicit MappingText(uint64_t page) : page_(page) {}
  // False when no more is wanted: they are complete, or there are none.
  bool Push(const char* bytes, size_t length);
  const std::string& text() const { return text_; }

 private:
  // False as Push().
  bool Line();

  uint64_t page_;
  std::string line_;
  std::string text_;
};

}  // namespace reader
}  // namespace pagefault
