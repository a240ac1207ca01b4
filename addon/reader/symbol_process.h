// One pagefault-symbols process, seen from the side that asks.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "../symbols/message.h"
#include "../symbols/protocol.h"
#include "../util/fd.h"

namespace pagefault {
namespace reader {

class SymbolProcess {
 public:
  SymbolProcess() = default;
  // Kills it. One that hangs in a read of a file that does not answer is not waited for.
  ~SymbolProcess();
  SymbolProcess(const SymbolProcess&) = delete;
  SymbolProcess& operator=(const SymbolProcess&) = delete;

  // Returns 0, ENOPKG where the program is not there, ELIBACC where it does not start, or another
  // errno. Everything here takes until the deadline (symbols::Now) at most, then ETIMEDOUT. Any
  // error is the end of the process.
  int Start(const std::string& program, int64_t deadline);
  // Hands over a file. `taken` where it is one.
  int Load(symbols::Role role, symbols::Level level, uint32_t crc, const Fd& file, int64_t deadline,
           bool* taken, symbols::FileFacts* facts);
  // Names places (protocol.h). The answer is one (names_answer.h).
  int Ask(const std::vector<uint8_t>& places, int64_t deadline, std::vector<uint8_t>* answer);

  // Unwinds stacks (unwind_format.h). `give` opens the file of a module of the question, which it
  // is asked for where the process does not have it. The answer is one.
  int Unwind(const std::vector<uint8_t>& question, size_t modules, size_t stacks,
             const std::function<Fd(uint32_t module)>& give, int64_t deadline,
             std::vector<uint8_t>* answer);

  // It has used so much of its time that another one should go on.
  bool Spent() const;
  // Bytes of memory.
  uint64_t Resident() const;

 private:
  int Expect(symbols::What what, int64_t deadline, symbols::Message* out);

  pid_t pid_ = 0;
  Fd socket_;
};

}  // namespace reader
}  // namespace pagefault
