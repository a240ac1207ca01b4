// One ring buffer, of perf or as one of its: mapping, the head/tail protocol, records that wrap
// around its end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace pagefault {

// The reader's view of a ring. Records are read in place up to `end`, which LoadHead moves; the
// writer gets the space back at Publish.
class Ring {
 public:
  Ring() = default;
  Ring(Ring&& other) noexcept;
  Ring& operator=(Ring&& other) noexcept;
  ~Ring();

  // Maps 1 + data_pages pages of fd. Returns 0 or an errno (EPERM: locked-memory limit).
  int Map(int fd, size_t data_pages, size_t page_size);
  // Reads a ring laid out in memory that somebody else owns. `head` and `tail` as in
  // perf_event_mmap_page; reading begins at the tail.
  void Borrow(const unsigned long long* head, unsigned long long* tail, const uint8_t* data,
              size_t data_bytes);
  // A second reader of this ring's memory, from the published tail on. It owns nothing; as long as
  // it does not Publish, the ring does not notice it.
  Ring Reader() const;
  size_t data_bytes() const { return size_; }

  // Makes everything the kernel has written so far readable.
  void LoadHead();
  bool empty() const { return position_ == end_; }
  // Of all room the share that was taken when the head was loaded, 0 to 1.
  double used() const {
    return size_ == 0 ? 0 : static_cast<double>(end_ - position_) / static_cast<double>(size_);
  }
  // Now, whatever was loaded, there is no room for another fault's record, or hardly: some may have
  // been lost. The record that says so (LOST) is only written with the next one, much later or
  // never.
  bool full() const;
  // The next record, contiguous (a wrapped one is copied), or nullptr when there is none up to the
  // loaded head. The pointer is valid until Pop. A record whose size cannot be right (smaller than
  // its header, longer than what is left) ends the pass: everything up to the head is skipped and
  // counted in `malformed`, because the next record's start is not known.
  const uint8_t* Peek(size_t* length);
  void Pop();
  // Gives the consumed space back to the kernel.
  void Publish();
  // There was no room at some Publish since this was last asked: some may have been lost by then.
  bool TakeFilled() { return std::exchange(filled_, false); }
  uint64_t malformed() const { return malformed_; }

 private:
  void Unmap();
  bool FullWith(uint64_t tail) const;

  const unsigned long long* head_ = nullptr;
  unsigned long long* tail_ = nullptr;
  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
  void* map_ = nullptr;  // owned mapping, null when borrowed
  size_t map_bytes_ = 0;
  uint64_t position_ = 0;
  uint64_t end_ = 0;
  size_t current_ = 0;  // size of the record at position_, 0 = not looked at
  uint64_t malformed_ = 0;
  bool filled_ = false;
  std::unique_ptr<uint8_t[]> scratch_;  // one wrapped record, 64 KiB at most (header.size is a u16)
};

}  // namespace pagefault
