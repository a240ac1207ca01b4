#include "jit_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "frame.h"
#include "mapped_file.h"
#include "open_within.h"
#include "proc/procfs_text.h"
#include "task_files.h"

namespace pagefault {
namespace reader {

namespace {

constexpr size_t kMaxStatus = 16 << 10;
constexpr int64_t kSecond = 1'000'000'000;
// Of descriptors that are looked at. A maker of code opens its map when it begins.
constexpr int kMaxOpenFiles = 4096;

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
  uint64_t started;  // clock ticks since boot
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
  ProcessStat stat;
  Output line;
  if (ReadTaskFile(context.proc, pid, "stat", kMaxStatus, &line) != 0) return ESRCH;
  const std::string parsed(line.bytes().begin(), line.bytes().end());
  if (!ParseStatText(parsed.c_str(), &stat)) return ESRCH;
  out->started = stat.start_time;
  return 0;
}

// A file system of the target's may give any time: what is too far off is cut.
int64_t SignedNanoseconds(const struct timespec& time) {
  constexpr int64_t kMost = INT64_MAX / kSecond / 2;
  return std::clamp<int64_t>(time.tv_sec, -kMost, kMost) * kSecond + time.tv_nsec;
}

int64_t Now(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return SignedNanoseconds(now);
}

// The process has this file open, by this name.
bool HoldsOpen(const std::string& directory, const std::string& name, const struct stat& file) {
  DIR* dir = opendir((directory + "/fd").c_str());
  if (dir == nullptr) return false;
  bool holds = false;
  for (int left = kMaxOpenFiles; left > 0 && !holds; left--) {
    const dirent* entry = readdir(dir);
    if (entry == nullptr) break;
    // The name first: to ask a file that lies on a network for its inode may take for ever.
    char path[4096];
    const ssize_t n = readlinkat(dirfd(dir), entry->d_name, path, sizeof path);
    if (n < static_cast<ssize_t>(name.size()) ||
        name.compare(0, name.size(), path + n - name.size(), name.size()) != 0) {
      continue;
    }
    struct stat open;
    holds = fstatat(dirfd(dir), entry->d_name, &open, 0) == 0 && open.st_dev == file.st_dev &&
            open.st_ino == file.st_ino;
  }
  closedir(dir);
  return holds;
}

// An earlier process of this number has left the file: it was written last before this one began.
// When a process began is told, and the clock read, by our own time namespace (do_task_stat in
// fs/proc/array.c), so that a shift cancels out. Both times are cut off to a tick. The clock may
// have been set since: a file that the process has open is its own.
bool IsLeft(const std::string& directory, const std::string& name, uint64_t started,
            const Fd& file) {
  struct stat stat;
  if (fstat(file.get(), &stat) != 0) return false;
  const int64_t tick = kSecond / sysconf(_SC_CLK_TCK);
  const int64_t booted = Now(CLOCK_REALTIME) - Now(CLOCK_BOOTTIME);
  const int64_t begun = booted + static_cast<int64_t>(started) * tick;
  return SignedNanoseconds(stat.st_mtim) + 2 * tick < begun && !HoldsOpen(directory, name, stat);
}

Fd OpenMap(const Context& context, uint32_t pid, const Identity& identity) {
  const std::string name = "/tmp/perf-" + std::to_string(identity.number) + ".map";
  Fd file;
  EachTask(context.proc, pid, [&](const std::string& directory) {
    const Fd root = OpenRoot(directory + "/root");
    if (root.ok()) file = OpenWithin(root, name, false);
    return root.ok();
  });
  const std::string own = context.proc + "/" + std::to_string(pid);
  if (file.ok() && IsLeft(own, name, identity.started, file)) file = Fd();
  return file;
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
  out->file = OpenMap(*context, pid, identity);
  if (!out->file.ok()) {
    out->role = symbols::kJitDump;
    out->file = OpenDump(context, pid, identity.number);
  }
  if (!out->file.ok()) return ENOENT;
  out->started = identity.started;
  if (fstat(out->file.get(), &out->stat) != 0) return errno;
  const uid_t owner = out->stat.st_uid;
  return owner == 0 || owner == identity.real || owner == identity.effective ? 0 : EPERM;
}

}  // namespace reader
}  // namespace pagefault
