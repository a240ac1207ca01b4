// Gives up all that reading a file does not take.
#pragma once

namespace pagefault {
namespace symbols {

// False where that failed: then no byte of a file may be read. Afterwards the process can read the
// descriptors that it is sent, compute, and answer on those that it has.
bool GiveUpEverything();

// Part of it: from here on only the system calls of a list. False where the kernel has no such
// filters.
bool FilterSystemCalls();

}  // namespace symbols
}  // namespace pagefault
