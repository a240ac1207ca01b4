// Whom a session follows among those whose records arrive.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>

namespace pagefault {

struct Following {
  // Threads of processes born of followed ones are followed too.
  bool children = true;
  // Records of every process of the machine arrive.
  bool wide = false;
  // All whose records arrive are followed, from the first one on, but those left out.
  bool everyone = false;
  // The records are all that there is: nobody can be asked for a map.
  bool recorded = false;
  // Ourselves and what we have started: our faults would feed what we do. Kept up to date.
  std::unordered_set<uint32_t> left_out;
  // Whoever gets this comm is followed from then on; '' for nobody.
  std::string name;
};

}  // namespace pagefault
