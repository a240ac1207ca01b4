// Finds the callers of copied stacks by the call frame information of what is mapped.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "../reader/bytes.h"
#include "../util/fd.h"
#include "machine_state.h"
#include "unwind_format.h"
#include "unwind_module.h"

namespace pagefault {
namespace symbols {

class Unwinder {
 public:
  // ns for one stack. What compilers write takes some 2 us for each frame.
  static constexpr int64_t kMaxTime = 20'000'000;

  explicit Unwinder(int64_t most_time = kMaxTime) : most_time_(most_time) {}

  // Asks for the file of a module of the question; without one where there is none. False where
  // the other side has gone.
  using Want = std::function<bool(uint32_t module, Fd* file)>;

  // Answers a question as unwind_format.h has both. False for what is none, and where `want` is.
  bool Answer(const std::vector<uint8_t>& question, const Want& want, std::vector<uint8_t>* answer);

 private:
  struct Known {
    std::string key;
    std::unique_ptr<UnwindModule> module;  // null for a file that has nothing to tell
  };
  struct Mapped {
    std::string key;
    uint64_t start, end, offset;
    bool looked_up = false;
    UnwindModule* module = nullptr;
  };
  enum class Step { kUp, kUpFromSignal, kEnd, kLost };

  bool ReadModules(reader::Input* in);
  // null: nothing is known of the address. Clears alive_ where `want` says that all is over.
  UnwindModule* ModuleAt(uint64_t address, uint64_t* offset);
  UnwindModule* Find(uint32_t number);
  // The addresses of one stack. True where they reach to its end.
  bool Walk(MachineState state, const StackMemory& memory, std::vector<uint64_t>* chain);
  // From a frame, whose rules are those at `address`, to its caller.
  Step GoUp(uint64_t address, const StackMemory& memory, MachineState* state);
  static Step Apply(Dwarf_Frame* frame, const StackMemory& memory, MachineState* state);

  const int64_t most_time_;
  std::list<Known> known_;      // what was used last is first
  std::vector<Mapped> mapped_;  // of the question
  const Want* want_ = nullptr;
  bool alive_ = true;
};

}  // namespace symbols
}  // namespace pagefault
