#include "jit_file.h"

#include <errno.h>
#include <fcntl.h>

#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "frame.h"
#include "mapped_file.h"
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

// Who the process is, for itself and for its files.
struct Identity {
  uint32_t number;  // in its own PID namespace
  uint32_t real, effective;
};

int ReadIdentity(const Context& context, uint32_t pid, Identity* out) {
  Output text;
  const int error = ReadTaskFile(context.proc, pid, "status", kMaxStatus, &text);
  if (error != 0) return error == ENOENT ? ESRCH : error;
  const std::string status(text.bytes().begin(), text.bytes().end());
  const char* own = Field(status, "NSpid");
  const char* users = Field(status, "Uid");
  if (users == nullptr || sscanf(users, "%" SCNu32 "%" SCNu32, &out->real, &out->effective) != 2) {
    return ESRCH;
  }
  // Without PID namespaces there is no such line.
  out->number = own == nullptr ? pid : LastOf(own);
  return 0;
}

Fd OpenMap(const Context& context, uint32_t pid, uint32_t number) {
  Fd root;
  EachTask(context.proc, pid, [&](const std::string& directory) {
    root = OpenRoot(directory + "/root");
    return root.ok();
  });
  return root.ok() ? OpenWithin(root, "/tmp/perf-" + std::to_string(number) + ".map", false) : Fd();
}

Fd OpenDump(Context* context, uint32_t pid, uint32_t number) {
  std::string range;
  if (const std::string* known = context->jit_dumps.Find(pid)) {
    range = *known;
  } else {
    Output maps;
    if (ReadTaskFile(context->proc, pid, "maps", kMaxAnswer, &maps) != 0) return Fd();
    range = JitDumpInMaps(reinterpret_cast<const char*>(maps.bytes().data()), maps.bytes().size(),
                          number);
    context->jit_dumps.Keep(pid, range);
  }
  Fd file;
  if (range.empty()) return file;
  EachTask(context->proc, pid, [&](const std::string& directory) {
    const Fd place(open((directory + "/map_files/" + range).c_str(), O_PATH | O_CLOEXEC));
    return place.ok() && OpenRegular(place, &file) == 0;
  });
  if (!file.ok()) context->jit_dumps.Forget(pid);
  return file;
}

}  // namespace

int OpenJitFile(Context* context, uint32_t pid, JitFile* out) {
  Identity identity;
  const int error = ReadIdentity(*context, pid, &identity);
  if (error != 0) return error;
  out->role = symbols::kJitMap;
  out->file = OpenMap(*context, pid, identity.number);
  if (!out->file.ok()) {
    out->role = symbols::kJitDump;
    out->file = OpenDump(context, pid, identity.number);
  }
  if (!out->file.ok()) return ENOENT;
  if (fstat(out->file.get(), &out->stat) != 0) return errno;
  const uid_t owner = out->stat.st_uid;
  return owner == 0 || owner == identity.real || owner == identity.effective ? 0 : EPERM;
}

}  // namespace reader
}  // namespace pagefault
