#include "jit_file.h"

#include <errno.h>

#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "open_within.h"
#include "task_files.h"

namespace pagefault {
namespace reader {

namespace {

constexpr size_t kMaxStatus = 16 << 10;

// Of /proc/PID/status: the numbers behind `name`, as text. Null where it has no such line.
const char* Field(const std::string& status, const char* name) {
  const size_t at = status.find(std::string("\n") + name + ":");
  return at == std::string::npos ? nullptr : status.c_str() + at + strlen(name) + 2;
}

// The last number of the line.
uint32_t LastOf(const char* line) {
  uint32_t last = 0, number;
  for (int length; sscanf(line, "%*[ \t]%" SCNu32 "%n", &number, &length) == 1; line += length) {
    last = number;
  }
  return last;
}

}  // namespace

int OpenJitMap(const Context& context, uint32_t pid, Fd* out, struct stat* stat) {
  Output text;
  const int error = ReadTaskFile(context.proc, pid, "status", kMaxStatus, &text);
  if (error != 0) return error == ENOENT ? ESRCH : error;
  const std::string status(text.bytes().begin(), text.bytes().end());
  const char* own = Field(status, "NSpid");
  const char* users = Field(status, "Uid");
  uint32_t real, effective;
  if (users == nullptr || sscanf(users, "%" SCNu32 "%" SCNu32, &real, &effective) != 2)
    return ESRCH;
  // Without PID namespaces there is no such line.
  const uint32_t number = own == nullptr ? pid : LastOf(own);
  Fd root;
  EachTask(context.proc, pid, [&](const std::string& directory) {
    root = OpenRoot(directory + "/root");
    return root.ok();
  });
  if (!root.ok()) return ESRCH;
  *out = OpenWithin(root, "/tmp/perf-" + std::to_string(number) + ".map", false);
  if (!out->ok()) return ENOENT;
  if (fstat(out->get(), stat) != 0) return errno;
  return stat->st_uid == 0 || stat->st_uid == real || stat->st_uid == effective ? 0 : EPERM;
}

}  // namespace reader
}  // namespace pagefault
