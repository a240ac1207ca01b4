// Tracepoint ids and formats from tracefs, mounted or not.
#pragma once

#include <string>

#include "perf/formats.h"
#include "util/fd.h"

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

  // Reads events/NAME/{id,format} of a tracepoint: what its row names. False with *error set, and
  // *out as if it were not to be had, when the event or one of the fields is not there.
  bool ReadFormat(const EventSpec& spec, TracepointFormat* out, int* error) const;

 private:
  bool ReadFile(const std::string& path, std::string* out, int* error) const;

  Fd root_;
  bool detached_ = false;
  int error_ = 0;
};

// What is read of a tracepoint, out of the text of its format file; `out->id` is left alone. False
// when a field is not there.
bool FindFields(const std::string& format, const EventSpec& spec, TracepointFormat* out);

// Finds "field:... NAME; offset:N; size:N;" in the text of a format file. False when it is not
// there.
bool FindField(const std::string& format, const std::string& name, Field* out);

}  // namespace pagefault
