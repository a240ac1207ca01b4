#include "record/unwritten.h"

#include <algorithm>

#include "perfdata/own_records.h"

namespace pagefault {
namespace perfdata {

void Unwritten::NoteFault(size_t at) {
  places_.push_back(moved_ + at);
  open_++;
}

void Unwritten::NoteDropped() {
  places_.push_back(kNowhere);
  open_++;
}

void Unwritten::EndBatch() {
  batches_.push_back(open_);
  open_ = 0;
}

size_t Unwritten::Tell(const uint8_t* copies, size_t count) {
  if (batches_.empty()) return 0;
  const size_t faults = batches_.front();
  batches_.pop_front();
  size_t late = 0;
  for (size_t i = 0; i < faults; i++) {
    const uint64_t place = places_.front();
    places_.pop_front();
    if (i >= count || copies[i] == 0 || place == kNowhere) continue;
    if (place < moved_) {
      late++;
    } else {
      MakeCopy(bytes_.data() + (place - moved_));
    }
  }
  written_ -= std::min(written_, faults);
  return late;
}

size_t Unwritten::known() {
  while (written_ < places_.size() && places_[written_] < moved_) written_++;
  return written_ == places_.size() ? bytes_.size() : places_[written_] - moved_;
}

void Unwritten::MoveTo(std::vector<uint8_t>* out, size_t size) {
  const auto end = static_cast<std::ptrdiff_t>(size);
  if (out->empty()) {
    // What stays is less than what goes, as a rule.
    out->swap(bytes_);
    bytes_.assign(out->begin() + end, out->end());
    out->resize(size);
  } else {
    out->insert(out->end(), bytes_.begin(), bytes_.begin() + end);
    bytes_.erase(bytes_.begin(), bytes_.begin() + end);
  }
  moved_ += size;
}

void Unwritten::Prepend(const std::vector<uint8_t>& records) {
  bytes_.insert(bytes_.begin(), records.begin(), records.end());
  for (uint64_t& place : places_) {
    if (place >= moved_) place += records.size();
  }
}

}  // namespace perfdata
}  // namespace pagefault
