#include "source/ring.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace pagefault {

namespace {
constexpr uint64_t kFaultRecord = 256;  // more than an entry and the LOST before it take
constexpr uint64_t kWord = 8;  // records are multiples of it, so a header (8 bytes) never wraps
}  // namespace

Ring::Ring(Ring&& other) noexcept {
  *this = std::move(other);
}

Ring& Ring::operator=(Ring&& other) noexcept {
  if (this == &other) return *this;
  Unmap();
  head_ = std::exchange(other.head_, nullptr);
  tail_ = std::exchange(other.tail_, nullptr);
  data_ = std::exchange(other.data_, nullptr);
  size_ = std::exchange(other.size_, 0);
  map_ = std::exchange(other.map_, nullptr);
  map_bytes_ = std::exchange(other.map_bytes_, 0);
  position_ = other.position_;
  end_ = other.end_;
  current_ = other.current_;
  malformed_ = other.malformed_;
  filled_ = other.filled_;
  scratch_ = std::move(other.scratch_);
  return *this;
}

Ring::~Ring() {
  Unmap();
}

void Ring::Unmap() {
  if (map_ != nullptr) munmap(map_, map_bytes_);
  map_ = nullptr;
  head_ = tail_ = nullptr;
}

int Ring::Map(int fd, size_t data_pages, size_t page_size) {
  const size_t bytes = (1 + data_pages) * page_size;
  void* map = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) return errno;
  map_ = map;
  map_bytes_ = bytes;
  auto* const control = static_cast<perf_event_mmap_page*>(map);
  Borrow(&control->data_head, &control->data_tail, static_cast<uint8_t*>(map) + page_size,
         data_pages * page_size);
  return 0;
}

void Ring::Borrow(const unsigned long long* head, unsigned long long* tail, const uint8_t* data,
                  size_t data_bytes) {
  head_ = head;
  tail_ = tail;
  data_ = data;
  size_ = data_bytes;
  position_ = end_ = *tail & ~(kWord - 1);
  current_ = 0;
}

Ring Ring::Reader() const {
  Ring reader;
  reader.Borrow(head_, tail_, data_, size_);
  return reader;
}

void Ring::LoadHead() {
  // Pairs with the kernel's store of data_head after the record's bytes (perf_output_put_handle).
  const uint64_t head = __atomic_load_n(head_, __ATOMIC_ACQUIRE);
  // A head behind us, further than the ring is long, or between two words cannot come from a sane
  // kernel; reading on would run over bytes that are being written, or over the end of the data.
  if (head - position_ > size_ || head % kWord != 0) {
    malformed_++;
    position_ = head & ~(kWord - 1);
    current_ = 0;
  }
  end_ = head & ~(kWord - 1);
}

bool Ring::FullWith(uint64_t tail) const {
  const uint64_t head = __atomic_load_n(head_, __ATOMIC_SEQ_CST);
  return head - tail + kFaultRecord > size_;
}

bool Ring::full() const {
  return FullWith(*tail_);
}

const uint8_t* Ring::Peek(size_t* length) {
  const uint64_t left = end_ - position_;
  if (left == 0) return nullptr;
  const size_t offset = position_ & (size_ - 1);
  if (current_ == 0) {
    perf_event_header header;
    memcpy(&header, data_ + offset, sizeof header);
    if (header.size < sizeof header || header.size > left || header.size % kWord != 0) {
      malformed_++;
      position_ = end_;
      return nullptr;
    }
    current_ = header.size;
    // The next one, which is looked at when this one is done with: of very many rings that are read
    // by turns the processor foretells none.
    __builtin_prefetch(data_ + ((position_ + current_) & (size_ - 1)));
    if (offset + current_ > size_) {
      if (!scratch_) scratch_.reset(new uint8_t[1 << 16]);
      const size_t first = size_ - offset;
      memcpy(scratch_.get(), data_ + offset, first);
      memcpy(scratch_.get() + first, data_, current_ - first);
    }
  }
  *length = current_;
  return offset + current_ > size_ ? scratch_.get() : data_ + offset;
}

void Ring::Pop() {
  position_ += current_;
  current_ = 0;
}

void Ring::Publish() {
  // Release: the kernel must not overwrite a record before we have read it (perf_event_open(2)).
  // Whether it was full is looked at afterwards, hence the exchange, which no later load overtakes:
  // a ring that fills up and loses records between look and store would never have been full.
  const __u64 tail = __atomic_exchange_n(tail_, position_, __ATOMIC_SEQ_CST);
  filled_ = filled_ || FullWith(tail);
}

}  // namespace pagefault
