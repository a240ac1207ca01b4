// Where the debug information of a mapped file may lie, in the root of the target and in ours.
#pragma once

#include <functional>
#include <string>

#include "../symbols/protocol.h"
#include "mapped_file.h"

namespace pagefault {
namespace reader {

// Where the debug information of a file with this build id lies.
std::string DebugPath(const std::string& build_id);

// Opens one candidate after the other until `use` returns true.
void EachDebugFile(const Context& context, const Mapping& mapping, const symbols::FileFacts& facts,
                   const std::function<bool(symbols::Role role, const Fd& file)>& use);

// The file that dwz has moved the common parts to.
void EachAltFile(const Context& context, const Mapping& mapping, const symbols::FileFacts& facts,
                 const std::function<bool(const Fd& file)>& use);

}  // namespace reader
}  // namespace pagefault
