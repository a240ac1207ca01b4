// Records of a recording that are not written yet, and the places of the faults among them whose
// class nobody has told so far. Whether a write was a copy depends on the mapping, which the model
// knows: it tells batch by batch, and a fault that still waits here becomes one of cow-faults.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace pagefault {
namespace perfdata {

class Unwritten {
 public:
  std::vector<uint8_t>* bytes() { return &bytes_; }
  size_t size() const { return bytes_.size(); }

  // The next fault of the batch, whose sample begins at `at` of bytes().
  void NoteFault(size_t at);
  // The next fault of the batch, for which there was no room here.
  void NoteDropped();
  // The faults since the last one were a batch.
  void EndBatch();
  // A batch has ended of which is not told yet which faults were copies.
  bool waits() const { return !batches_.empty(); }
  // Of the oldest such batch: not 0 where a fault was a copy. Faults beyond `count` were none.
  // Returns how many copies had been written as minor faults before.
  size_t Tell(const uint8_t* copies, size_t count);

  // So many bytes in front of the first fault whose class is not told.
  size_t known();
  // Moves the first `size` bytes, whole records, behind those of `out`.
  void MoveTo(std::vector<uint8_t>* out, size_t size);
  // Puts whole records in front.
  void Prepend(const std::vector<uint8_t>& records);

 private:
  std::vector<uint8_t> bytes_;
  // A place that is not here, and how many bytes, counted from behind it, are not here any more.
  static constexpr uint64_t kNowhere = 0;
  uint64_t moved_ = kNowhere + 1;
  // Counted as `moved_`, in the order of the faults; those below it are written.
  std::deque<uint64_t> places_;
  size_t written_ = 0;  // so many of the first of them
  std::deque<size_t> batches_;
  size_t open_ = 0;
};

}  // namespace perfdata
}  // namespace pagefault
