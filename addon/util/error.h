// The one error type of the addon: what failed, why, and a code the user's message is made from.
#pragma once

#include <stdexcept>
#include <string>

namespace pagefault {

class SystemError : public std::runtime_error {
 public:
  // `code` is a stable name (EPERM_PARANOID, EMFILE, ...), `call` the system call that failed,
  // `detail` what a person needs beside it.
  SystemError(std::string code, int error, std::string call, const std::string& detail);
  // With the errno's own name as the code.
  SystemError(int error, std::string call, const std::string& detail);

  const std::string& code() const { return code_; }
  int error() const { return error_; }
  const std::string& call() const { return call_; }

 private:
  std::string code_;
  int error_;
  std::string call_;
};

// "No such file or directory" for ENOENT.
std::string ErrnoText(int error);
// "ENOENT" for ENOENT; "E123" for one without a name.
std::string ErrnoName(int error);

}  // namespace pagefault
