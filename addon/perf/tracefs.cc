#include "perf/tracefs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cstdlib>

namespace pagefault {

namespace {

// <sys/mount.h> of older C libraries lacks the new mount interface (Linux 5.2).
constexpr unsigned kFsopenCloexec = 1;
constexpr unsigned kFsconfigCmdCreate = 6;
constexpr unsigned kFsmountCloexec = 1;
constexpr size_t kMaxFile = 64 * 1024;

// tracefs mounted nowhere: a directory descriptor that vanishes when it is closed.
int OpenDetached(int* error) {
#if defined(SYS_fsopen) && defined(SYS_fsconfig) && defined(SYS_fsmount)
  Fd context(static_cast<int>(syscall(SYS_fsopen, "tracefs", kFsopenCloexec)));
  if (!context.ok() ||
      syscall(SYS_fsconfig, context.get(), kFsconfigCmdCreate, nullptr, nullptr, 0) != 0) {
    *error = errno;
    return -1;
  }
  const int fd = static_cast<int>(syscall(SYS_fsmount, context.get(), kFsmountCloexec, 0));
  if (fd < 0) *error = errno;
  return fd;
#else
  *error = ENOSYS;
  return -1;
#endif
}

}  // namespace

Tracefs::Tracefs() {
  for (const char* path : {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}) {
    Fd fd(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.ok()) {
      error_ = errno;
      continue;
    }
    // The mount point exists also where nothing is mounted on it.
    // Not access(2), which asks for the real user and forgets capabilities of a file.
    struct stat info;
    if (fstatat(fd.get(), "events", &info, 0) == 0) {
      root_ = std::move(fd);
      return;
    }
    error_ = errno;
  }
  int error = 0;
  Fd fd(OpenDetached(&error));
  if (!fd.ok()) {
    error_ = error;
    return;
  }
  root_ = std::move(fd);
  detached_ = true;
}

bool Tracefs::ReadFile(const std::string& path, std::string* out, int* error) const {
  Fd fd(openat(root_.get(), path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok()) {
    *error = errno;
    return false;
  }
  out->clear();
  char buffer[4096];
  while (out->size() < kMaxFile) {
    const ssize_t n = read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      *error = errno;
      return false;
    }
    if (n == 0) break;
    out->append(buffer, static_cast<size_t>(n));
  }
  return true;
}

bool Tracefs::ReadFormat(const EventSpec& spec, TracepointFormat* out, int* error) const {
  const std::string name = spec.tracepoint;
  std::string id, format;
  *out = TracepointFormat();
  if (!ReadFile("events/" + name + "/id", &id, error)) return false;
  if (!ReadFile("events/" + name + "/format", &format, error)) return false;
  TracepointFormat found;
  if (!FindFields(format, spec, &found)) {
    *error = ENOENT;
    return false;
  }
  found.id = strtoull(id.c_str(), nullptr, 10);
  *out = found;
  return true;
}

namespace {

// The first field whose declaration ends so, of any size.
bool FindAny(const std::string& format, const std::string& end_of_declaration, Field* out) {
  // A line reads "\tfield:unsigned long address;\toffset:8;\tsize:8;\tsigned:0;".
  const size_t at = format.find(end_of_declaration);
  if (at == std::string::npos) return false;
  const size_t end = format.find('\n', at);
  const std::string line = format.substr(at, end == std::string::npos ? end : end - at);
  const size_t offset = line.find("offset:");
  const size_t size = line.find("size:");
  if (offset == std::string::npos || size == std::string::npos) return false;
  const unsigned long offset_value = strtoul(line.c_str() + offset + 7, nullptr, 10);
  const unsigned long size_value = strtoul(line.c_str() + size + 5, nullptr, 10);
  if (offset_value > 4096 || size_value > 4096) return false;
  out->offset = static_cast<uint16_t>(offset_value);
  out->size = static_cast<uint16_t>(size_value);
  return true;
}

// The name of a thread: char comm[16].
bool FindComm(const std::string& format, const std::string& name, Field* out) {
  Field found;
  if (!FindAny(format, " " + name + "[", &found) || found.size != kCommSize) return false;
  *out = found;
  return true;
}

}  // namespace

bool FindFields(const std::string& format, const EventSpec& spec, TracepointFormat* out) {
  const auto find = spec.record == RecordKind::kTaskEnd ? FindComm : FindField;
  bool whole = FindField(format, "common_pid", &out->thread);
  for (size_t i = 0; i < spec.field_count; i++) {
    whole = whole && find(format, spec.fields[i], &out->field[i]);
  }
  return whole;
}

bool FindField(const std::string& format, const std::string& name, Field* out) {
  Field found;
  if (!FindAny(format, " " + name + ";", &found)) return false;
  if (found.size != 4 && found.size != 8) return false;
  *out = found;
  return true;
}

}  // namespace pagefault
