// SessionOptions (src/native/contract.ts) as the addon takes them.
#pragma once

#include <napi.h>

#include "capture/capture.h"

namespace pagefault {

// Throws a JavaScript error where the contract is broken.
CaptureOptions ReadCaptureOptions(const Napi::Object& object);

}  // namespace pagefault
