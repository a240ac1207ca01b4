// The text of /proc/PID/maps (show_map_vma in fs/proc/task_mmu.c).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace pagefault {
namespace reader {

// The path of the mapping that begins at `start`, as bytes; "" where there is no such mapping, or
// none with a path.
std::string NameInMaps(const char* text, size_t length, uint64_t start);

}  // namespace reader
}  // namespace pagefault
