#include "vdso.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "task_files.h"

namespace pagefault {
namespace reader {

namespace {

// Programs of 32 bits have another image of as many pages, below this one.
constexpr uint64_t kFirstPageOf64 = uint64_t{1} << 20;

// Two pages on x86-64, and a few more where it draws random numbers.
constexpr uint64_t kMaxPages = 64;
constexpr size_t kMaxOwnMaps = 1 << 20;

int ReadMemory(const std::string& path, const Mapping& mapping, std::vector<char>* out) {
  Fd memory(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!memory.ok()) return errno;
  out->resize((mapping.end - mapping.start) << 12);
  ssize_t n;
  do {
    n = pread(memory.get(), out->data(), out->size(), static_cast<off_t>(mapping.start << 12));
  } while (n < 0 && errno == EINTR);
  // EIO: nothing is mapped there any more. 0: the address space is gone.
  if (n <= 0) return n < 0 && errno != EIO ? errno : ESRCH;
  out->resize(static_cast<size_t>(n));
  return 0;
}

// Ours, in the place of that of a process that is gone: the kernel gives all programs of 64 bits
// the same image. False where it cannot have been that.
bool CopyOwn(const Mapping& mapping, std::vector<char>* out) {
  const uint64_t start = getauxval(AT_SYSINFO_EHDR) >> 12;
  if (mapping.start < kFirstPageOf64 || start < kFirstPageOf64) return false;
  Output maps;
  if (ReadFile("/proc/self/maps", kMaxOwnMaps, &maps) != 0) return false;
  const std::string text(maps.bytes().begin(), maps.bytes().end());
  char range[40];
  const uint64_t pages = mapping.end - mapping.start;
  snprintf(range, sizeof range, "%" PRIx64 "-%" PRIx64 " ", start << 12, (start + pages) << 12);
  if (text.find(range) == std::string::npos) return false;
  const char* image = reinterpret_cast<const char*>(start << 12);
  out->assign(image, image + (pages << 12));
  return true;
}

}  // namespace

int CopyVdso(const Context& context, const Mapping& mapping, Fd* out, std::string* key) {
  if (mapping.end <= mapping.start || mapping.end - mapping.start > kMaxPages) return EINVAL;
  std::vector<char> bytes;
  int error = ESRCH;
  EachTask(context.proc, mapping.pid, [&](const std::string& directory) {
    error = ReadMemory(directory + "/mem", mapping, &bytes);
    return error == 0;
  });
  if ((error == ESRCH || error == ENOENT) && CopyOwn(mapping, &bytes)) error = 0;
  if (error != 0) return error;
  out->Reset(memfd_create("vdso", MFD_CLOEXEC));
  if (!out->ok()) return errno;
  const ssize_t written = write(out->get(), bytes.data(), bytes.size());
  if (written < 0 || static_cast<size_t>(written) != bytes.size()) {
    return written < 0 ? errno : ENOSPC;
  }
  // All of it: a process may have changed its own.
  *key = "vdso " + std::string(bytes.begin(), bytes.end());
  return 0;
}

}  // namespace reader
}  // namespace pagefault
