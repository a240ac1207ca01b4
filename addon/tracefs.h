// Tracepoint ids and formats from tracefs, mounted or not.
#pragma once

#include <string>
#include <vector>

#include "decode.h"
#include "fd.h"

namespace pagefault {

class Tracefs {
 public:
  // Opens /sys/kernel/tracing, then /sys/kernel/debug/tracing, then a mount of its own that appears
  // nowhere in the file system. ok() is false when none can be had; error() says why the last
  // failed.
  Tracefs();
  bool ok() const { return root_.ok(); }
  bool detached() const { return detached_; }
  int error() const { return error_; }

  // Reads events/<name>/{id,format}: of page faults address, ip and error_code; of a system call's
  // exit "ret"; of other events the fields named, into TracepointFormat::argument. False with
  // *error set when the event or one of the fields is not there.
  bool ReadPageFault(const std::string& name, TracepointFormat* out, int* error) const;
  bool ReadFields(const std::string& name, const std::vector<const char*>& fields,
                  TracepointFormat* out, int* error) const;
  bool ReadSyscallExit(const std::string& name, TracepointFormat* out, int* error) const;

 private:
  bool ReadFile(const std::string& path, std::string* out, int* error) const;
  // Id, thread and the format's text; *error is left at ENOENT, for a field that it lacks.
  bool ReadBasics(const std::string& name, TracepointFormat* out, std::string* format,
                  int* error) const;

  Fd root_;
  bool detached_ = false;
  int error_ = 0;
};

// Finds "field:... NAME; offset:N; size:N;" in the text of a format file. False when it is not
// there.
bool FindField(const std::string& format, const std::string& name, Field* out);

}  // namespace pagefault
