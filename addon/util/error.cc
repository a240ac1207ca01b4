#include "util/error.h"

#include <string.h>

namespace pagefault {

std::string ErrnoName(int error) {
  const char* name = strerrorname_np(error);
  return name != nullptr ? name : "E" + std::to_string(error);
}

std::string ErrnoText(int error) {
  const char* text = strerrordesc_np(error);
  return text != nullptr ? text : "error " + std::to_string(error);
}

SystemError::SystemError(std::string code, int error, std::string call, const std::string& detail)
    : std::runtime_error(call + ": " + ErrnoText(error) + (detail.empty() ? "" : ": " + detail)),
      code_(std::move(code)),
      error_(error),
      call_(std::move(call)) {}

SystemError::SystemError(int error, std::string call, const std::string& detail)
    : SystemError(ErrnoName(error), error, std::move(call), detail) {}

}  // namespace pagefault
