// What a rule of .eh_frame says of one register (DWARF 5, 6.4): a list of operations, as libdw
// hands them out.
#pragma once

#include <elfutils/libdw.h>

#include "machine_state.h"

namespace pagefault {
namespace symbols {

// The canonical frame address is the value of its operations. False for operations that no compiler
// emits there, and for what is not known.
bool EvaluateFrameAddress(const Dwarf_Op* ops, size_t count, const MachineState& state,
                          const StackMemory& memory, uint64_t* address);

// The value that a register had in the caller. `count` is at least 1.
bool EvaluateRegister(const Dwarf_Op* ops, size_t count, const MachineState& state,
                      const StackMemory& memory, uint64_t frame_address, uint64_t* value);

}  // namespace symbols
}  // namespace pagefault
