// The command of SessionOptions (src/native/contract.ts) as the addon takes it.
#pragma once

#include <napi.h>

#include "capture/command.h"

namespace pagefault {

// Throws a JavaScript error where the contract is broken.
CommandSpec ReadCommand(const Napi::Object& description);

}  // namespace pagefault
