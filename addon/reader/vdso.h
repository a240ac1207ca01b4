// The kernel's library in the memory of a process.
#pragma once

#include "mapped_file.h"

namespace pagefault {
namespace reader {

// Copies the mapping into a file of memory. `key` is the same for the same bytes. Returns 0 or an
// errno.
int CopyVdso(const Context& context, const Mapping& mapping, Fd* out, std::string* key);

}  // namespace reader
}  // namespace pagefault
