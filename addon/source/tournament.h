// Which of many sources has the earliest record: a tree of losers (Knuth, The Art of Computer
// Programming 3, 5.4.1). When the first one has another time, it plays once more against those that
// it has beaten on its way: one comparison for each doubling of the sources, of which none can be
// foretold, so that none is a branch.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace pagefault {

class Tournament {
 public:
  // The time of a source that has no record. Later ones do not come first.
  static constexpr uint64_t kNone = UINT64_MAX;

  // Of so many sources none has one.
  void Begin(size_t sources) {
    leaves_ = 1;
    while (leaves_ < sources) leaves_ *= 2;
    nodes_.resize(2 * leaves_);
    for (size_t i = 0; i < leaves_; i++) {
      nodes_[leaves_ + i] = {kNone, static_cast<uint32_t>(i)};
    }
  }
  void Set(uint32_t source, uint64_t time) { nodes_[leaves_ + source].time = time; }
  // After all were set.
  void Play() {
    // Where the winner of a node is known its loser is written over what was there.
    for (size_t n = leaves_; n-- > 1;) nodes_[n] = std::min(nodes_[2 * n], nodes_[2 * n + 1]);
    first_ = nodes_[1];
    for (size_t n = 1; n < leaves_; n++) nodes_[n] = std::max(nodes_[2 * n], nodes_[2 * n + 1]);
  }

  uint32_t first() const { return first_.source; }
  uint64_t time() const { return first_.time; }
  // Up to which time the first one's records go before those of all others: of two at one time that
  // of the lower source goes first. Not of a time of 0 of a lower one, which would be first itself.
  uint64_t Until() const {
    Head second = {kNone, UINT32_MAX};
    for (size_t n = (leaves_ + first_.source) / 2; n > 0; n /= 2) {
      second = std::min(second, nodes_[n]);
    }
    return second.source < first_.source ? second.time - 1 : second.time;
  }
  // The first one's next record is of this time.
  void Replace(uint64_t time) {
    Head head = {time, first_.source};
    for (size_t n = (leaves_ + head.source) / 2; n > 0; n /= 2) {
      const Head other = nodes_[n];
      const bool beaten = other < head;
      nodes_[n] = beaten ? head : other;
      head = beaten ? other : head;
    }
    first_ = head;
  }

 private:
  struct Head {
    uint64_t time;
    uint32_t source;
    // Ties go by place, so that the order is the same in every run.
    bool operator<(const Head& other) const {
      return (time < other.time) | ((time == other.time) & (source < other.source));
    }
  };

  size_t leaves_ = 1;
  // From 1 on who lost there; the leaves, from leaves_ on, as they were set.
  std::vector<Head> nodes_;
  Head first_ = {kNone, 0};
};

}  // namespace pagefault
