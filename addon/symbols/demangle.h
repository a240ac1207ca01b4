// Names of C++ and Rust as they stand in the source.
#pragma once

#include <string>

namespace pagefault {
namespace symbols {

constexpr size_t kMaxName = 2048;

// The name itself where it is not mangled, or cannot be read. Cut at kMaxName bytes.
std::string Demangle(const char* name);

}  // namespace symbols
}  // namespace pagefault
