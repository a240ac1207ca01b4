// What a session could not have and what it did instead, for the user: src/core/facts/notices.ts
// has the words.
#pragma once

#include <string>

namespace pagefault {

struct Notice {
  std::string code;
  int error;
  std::string detail;
};

}  // namespace pagefault
