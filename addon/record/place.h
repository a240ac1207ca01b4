// Where a recording goes: into a file, or down a pipe.
#pragma once

#include <cstdint>
#include <vector>

namespace pagefault {
namespace perfdata {

class Place {
 public:
  virtual ~Place() = default;
  // Each gives 0, or the errno with which it has failed: nothing but End is asked for then.
  // What stands before the records.
  virtual int Begin() = 0;
  // Writes whole records; may add to them.
  virtual int Put(std::vector<uint8_t>* records) = 0;
  // What stands behind them. Also where Put has failed: what was written before is readable then.
  virtual int End() = 0;
};

}  // namespace perfdata
}  // namespace pagefault
