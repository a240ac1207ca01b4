// Births that lie in the rings, before anybody reads them for good.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "perf/formats.h"
#include "source/ring.h"

namespace pagefault {

class Births {
 public:
  struct Birth {
    uint32_t pid;
    uint32_t parent_pid;
    uint32_t parent_tid;
    uint64_t time;
    bool told;  // by an event of the session, and so in what the poller hands on
  };

  // Reads `rings` by readers of its own: nothing is consumed.
  Births(const std::vector<Ring>& rings, const Formats& formats);

  // Takes in what the rings got since the last time.
  void Read();
  // nullptr where no record tells of it. A number that was given again has the latest one.
  const Birth* Find(uint32_t tid) const;
  // The first thread that this one has made after `time`, 0 for none.
  uint32_t FirstOf(uint32_t parent_tid, uint64_t time) const;
  // Those of processes, by pid.
  const std::unordered_map<uint32_t, Birth>& all() const { return by_tid_; }

 private:
  const Formats& formats_;
  std::vector<Ring> readers_;
  std::unordered_map<uint32_t, Birth> by_tid_;
  // By the parent's tid: when which was born.
  std::unordered_map<uint32_t, std::map<uint64_t, uint32_t>> by_parent_;
};

}  // namespace pagefault
