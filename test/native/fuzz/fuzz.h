// What can be fuzzed: each kind makes inputs out of valid ones, and runs them through the code that
// reads such things. An input is bytes that say all: run again, it does the same.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../check.h"

namespace pagefault {
namespace fuzz {

using Bytes = std::vector<uint8_t>;
using test::Random;

class Kind {
 public:
  virtual ~Kind() = default;
  // Makes a new input. Returns how many mutated things are in it.
  virtual size_t Make(Random* random, Bytes* input) = 0;
  // Survives any bytes. What is wrong is told with CHECK.
  virtual void Run(const Bytes& input) = 0;
};

std::unique_ptr<Kind> Records();
std::unique_ptr<Kind> Texts();
// `files`: programs and libraries to start from, beside forged ones.
std::unique_ptr<Kind> Elf(const std::vector<std::string>& files);
// Frames of the reader's protocol, and files of /proc/PID that it answers from.
std::unique_ptr<Kind> Requests();
// `files`: perf.data to start from.
std::unique_ptr<Kind> Recordings(const std::vector<std::string>& files);

}  // namespace fuzz
}  // namespace pagefault
