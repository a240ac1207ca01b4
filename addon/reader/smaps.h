// The text of /proc/PID/smaps: which mappings are registered with userfaultfd (VmFlags,
// show_smap_vma_flags in fs/proc/task_mmu.c).
#pragma once

#include <cstddef>
#include <cstdint>
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

}  // namespace reader
}  // namespace pagefault
