// Ranges that lie over each other, flattened: of those that cover an address the one with the
// highest order is found, by binary search, however they overlap.
#pragma once

#include <algorithm>
#include <cstdint>
#include <queue>
#include <vector>

namespace pagefault {
namespace symbols {

class Layers {
 public:
  static constexpr uint32_t kNone = ~uint32_t{0};

  // [low, high). An empty range is left out.
  void Add(uint64_t low, uint64_t high, uint64_t order, uint32_t value) {
    if (low < high) ranges_.push_back({low, high, order, value});
  }

  // After the last Add. The ranges are kept where `again` says that more will come.
  void Build(bool again = false) {
    pieces_.clear();
    const auto earlier = [](const Range& a, const Range& b) { return a.low < b.low; };
    if (!std::is_sorted(ranges_.begin(), ranges_.end(), earlier)) {
      std::stable_sort(ranges_.begin(), ranges_.end(), earlier);
    }
    const auto below = [](const Range* a, const Range* b) { return a->order < b->order; };
    std::priority_queue<const Range*, std::vector<const Range*>, decltype(below)> open(below);
    uint64_t at = 0;
    for (size_t next = 0; next < ranges_.size() || !open.empty();) {
      if (open.empty()) at = ranges_[next].low;
      for (; next < ranges_.size() && ranges_[next].low <= at; next++) open.push(&ranges_[next]);
      while (!open.empty() && open.top()->high <= at) open.pop();
      if (open.empty()) continue;
      const Range& top = *open.top();
      const uint64_t until =
          next < ranges_.size() ? std::min(top.high, ranges_[next].low) : top.high;
      if (!pieces_.empty() && pieces_.back().value == top.value && pieces_.back().high == at) {
        pieces_.back().high = until;
      } else {
        pieces_.push_back({at, until, top.value});
      }
      at = until;
    }
    if (!again) std::vector<Range>().swap(ranges_);
  }

  // kNone where nothing covers the address.
  uint32_t Find(uint64_t address) const {
    auto after = std::upper_bound(pieces_.begin(), pieces_.end(), address,
                                  [](uint64_t a, const Piece& piece) { return a < piece.low; });
    if (after == pieces_.begin()) return kNone;
    --after;
    return address < after->high ? after->value : kNone;
  }

 private:
  struct Range {
    uint64_t low, high, order;
    uint32_t value;
  };
  struct Piece {
    uint64_t low, high;
    uint32_t value;
  };
  std::vector<Range> ranges_;
  std::vector<Piece> pieces_;
};

}  // namespace symbols
}  // namespace pagefault
