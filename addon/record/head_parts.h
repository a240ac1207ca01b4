// What a recording of ours says of itself, in a file's head as in a pipe.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "perfdata/own_records.h"
#include "reader/bytes.h"

namespace pagefault {
namespace perfdata {

struct HeadParts {
  OwnMode mode;
  std::vector<std::string> command;  // what we were started with
  bool compressed = false;
  uint64_t started = 0, ended = 0;  // raw clock; 0 where that is not known yet
};

// Sections by their bits, ascending.
using Features = std::vector<std::pair<uint32_t, reader::Output>>;
Features FeaturesOf(const HeadParts& parts);

}  // namespace perfdata
}  // namespace pagefault
