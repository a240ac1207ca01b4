#include "mapped_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <utility>

#include "debug_files.h"
#include "open_within.h"
#include "operations.h"
#include "task_files.h"
#include "vma_query.h"

namespace pagefault {
namespace reader {

namespace {

constexpr uint8_t kExec = 4;
// As src/core/vma/lineage.ts has it.
constexpr size_t kMaxAncestors = 4;
constexpr char kDeleted[] = " (deleted)";

bool EndsWith(const std::string& text, const char* end) {
  const size_t length = strlen(end);
  return text.size() >= length && text.compare(text.size() - length, length, end) == 0;
}

// Programs and libraries are executable or called .so (Debian's libraries have no x bit). Their
// header's page was read by the kernel or the loader before they were mapped, so that reading it
// again warms nothing.
bool MayBeProgram(const Mapping& mapping, const struct stat& stat) {
  if ((mapping.prot & kExec) != 0 || (stat.st_mode & 0111) != 0) return true;
  for (const char* mark : {".so", ".node"}) {
    const size_t length = strlen(mark);
    for (size_t at = mapping.name.find(mark); at != std::string::npos;
         at = mapping.name.find(mark, at + 1)) {
      const char after = at + length < mapping.name.size() ? mapping.name[at + length] : '\0';
      if (after == '\0' || after == '.' || after == ' ') return true;
    }
  }
  return false;
}

// Out of the text of our own maps, for kernels without PROCMAP_QUERY.
bool OwnLine(uint64_t start, VmaAnswer* out) {
  FILE* maps = fopen("/proc/self/maps", "re");
  if (maps == nullptr) return false;
  char line[8192];
  bool found = false;
  while (!found && fgets(line, sizeof line, maps) != nullptr) {
    unsigned long long from, ino;
    unsigned int dev_major, dev_minor;
    found = sscanf(line, "%llx-%*x %*s %*x %x:%x %llu", &from, &dev_major, &dev_minor, &ino) == 4 &&
            from == start;
    if (found) {
      out->dev_major = dev_major;
      out->dev_minor = dev_minor;
      out->ino = ino;
    }
  }
  fclose(maps);
  return found;
}

// Device and inode of an open file as maps shows them. No page of it is touched.
bool IdentityInMaps(int file, VmaAnswer* out) {
  void* at = mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE, file, 0);
  if (at == MAP_FAILED) return false;
  const uint64_t start = reinterpret_cast<uint64_t>(at);
  Fd maps(open("/proc/self/maps", O_RDONLY | O_CLOEXEC));
  const bool found =
      maps.ok() && (QueryVma(maps.get(), start, false, out) == 0 || OwnLine(start, out));
  munmap(at, 4096);
  return found;
}

bool Same(const VmaAnswer& a, const Mapping& b) {
  return a.ino == b.ino && a.dev_major == b.dev_major && a.dev_minor == b.dev_minor;
}

// Before Linux 6.18 MMAP2 records of a file on overlayfs carry the numbers of the layer below, and
// maps those of the overlay (file_user_inode in fs/proc/task_mmu.c). The same range, under the same
// name, with the numbers of what was opened through map_files: that is the mapping of the record.
bool SameOnOverlay(const Context& context, const Mapping& mapping, int file,
                   const VmaAnswer& identity) {
  struct statfs fs;
  if (fstatfs(file, &fs) != 0 || fs.f_type != OVERLAYFS_SUPER_MAGIC) return false;
  const std::string path = context.proc + "/" + std::to_string(mapping.pid) + "/maps";
  Fd maps(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  VmaAnswer now;
  return maps.ok() && QueryVma(maps.get(), mapping.start << 12, true, &now) == 0 &&
         now.start >> 12 == mapping.start && now.end >> 12 == mapping.end &&
         now.ino == identity.ino && now.dev_major == identity.dev_major &&
         now.dev_minor == identity.dev_minor && now.name == mapping.name;
}

// Tries one way to the file. Returns 0 (with kOther: try another way), or an errno.
int Try(const Context& context, const Mapping& mapping, const std::string& path, bool link,
        MappedFile* out) {
  out->kind = MappedFile::kOther;
  Fd place(open(path.c_str(), O_PATH | O_CLOEXEC | (link ? 0 : O_NOFOLLOW)));
  if (!place.ok() || fstat(place.get(), &out->stat) != 0) return errno;
  if (!S_ISREG(out->stat.st_mode)) return 0;
  if (!MayBeProgram(mapping, out->stat)) {
    if (out->stat.st_ino == mapping.ino) out->kind = MappedFile::kData;
    return 0;
  }
  // EACCES: an execute-only program.
  const int error = OpenRegular(place, &out->file);
  if (error != 0) return error;
  VmaAnswer identity;
  if (!IdentityInMaps(out->file.get(), &identity)) return 0;
  if (!Same(identity, mapping) &&
      !(link && SameOnOverlay(context, mapping, out->file.get(), identity))) {
    return 0;
  }
  out->kind = MappedFile::kProgram;
  return 0;
}

std::string LinkOf(const Context& context, uint32_t pid, uint64_t start, uint64_t end) {
  char range[40];
  snprintf(range, sizeof range, "/map_files/%llx-%llx", static_cast<unsigned long long>(start),
           static_cast<unsigned long long>(end));
  return context.proc + "/" + std::to_string(pid) + range;
}

// Where a mapping was split or has become larger since its record, as the loader's mprotect(2) of
// relocated data does it, its range is another one by now. "": the file is not there any more, or
// the kernel does not tell (before 6.11).
std::string LinkByNow(const Context& context, const Mapping& mapping) {
  const std::string path = context.proc + "/" + std::to_string(mapping.pid) + "/maps";
  Fd maps(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  VmaAnswer now;
  if (!maps.ok() || QueryVma(maps.get(), mapping.start << 12, true, &now) != 0) return "";
  const bool same = now.start >> 12 == mapping.start && now.end >> 12 == mapping.end;
  return same ? "" : LinkOf(context, mapping.pid, now.start, now.end);
}

// The file of a recorded mapping on this machine: at the same path, or what is kept of it for
// debuggers. Whoever made the recording has chosen the path: nothing is read but what looks like a
// program, which files of /sys do not.
int OpenRecorded(const Mapping& mapping, MappedFile* out) {
  const Fd root = OpenRoot("/");
  Mapping plain = mapping;
  plain.prot = 0;
  const std::string debug = DebugPath(mapping.build_id);
  for (const std::string& path : {mapping.Path(), debug}) {
    Fd file = OpenWithin(root, path);
    if (!file.ok() || fstat(file.get(), &out->stat) != 0) continue;
    if (path != debug && !MayBeProgram(plain, out->stat)) continue;
    if (ParseBuildId(ReaderOf(file.get())) != mapping.build_id) continue;
    out->file = std::move(file);
    out->kind = MappedFile::kProgram;
    return 0;
  }
  out->kind = MappedFile::kOther;
  return 0;
}

// Its descriptor may have been given to another file since.
bool OpenKept(const ExpectedFile& expected, MappedFile* out) {
  const std::string path = expected.KeptPath();
  Fd place(path.empty() ? -1 : open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!place.ok() || OpenRegular(place, &out->file) != 0) return false;
  if (fstat(out->file.get(), &out->stat) != 0) return false;
  if (!expected.Is(out->stat, ParseBuildId(ReaderOf(out->file.get())))) return false;
  out->kind = MappedFile::kProgram;
  return true;
}

}  // namespace

bool Mapping::IsDeleted() const {
  return EndsWith(name, kDeleted);
}

std::string Mapping::Path() const {
  return IsDeleted() ? name.substr(0, name.size() - strlen(kDeleted)) : name;
}

bool ReadAncestors(Input* request, Mapping* out) {
  const size_t count = request->U8();
  if (count > kMaxAncestors) return false;
  for (size_t i = 0; i < count; i++) out->ancestors.push_back(request->U32());
  return true;
}

bool ReadMapping(Input* request, Mapping* out) {
  out->pid = request->U32();
  if (!ReadAncestors(request, out)) return false;
  out->start = request->U64();
  out->end = request->U64();
  out->prot = request->U8();
  out->dev_major = request->U32();
  out->dev_minor = request->U32();
  out->ino = request->U64();
  out->name = request->Rest();
  const size_t zero = out->name.find('\0');
  if (zero != std::string::npos) {
    out->build_id = out->name.substr(zero + 1);
    out->name.resize(zero);
  }
  return request->Exact() && out->start < kAddressSpacePages && out->end <= kAddressSpacePages;
}

ReadAt ReaderOf(int file) {
  return [file](uint64_t offset, uint8_t* to, size_t length) {
    size_t done = 0;
    while (done < length) {
      const ssize_t n = pread(file, to + done, length - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      // EIO, a stale NFS handle: what cannot be read is not there.
      if (n <= 0) break;
      done += static_cast<size_t>(n);
    }
    return done;
  };
}

uint64_t Nanoseconds(const struct timespec& time) {
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

int OpenRegular(const Fd& place, Fd* out) {
  struct stat stat;
  if (fstat(place.get(), &stat) != 0) return errno;
  if (!S_ISREG(stat.st_mode)) return EINVAL;
  const std::string opened = "/proc/self/fd/" + std::to_string(place.get());
  out->Reset(open(opened.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  return out->ok() ? 0 : errno;
}

int OpenMapped(const Context& context, const Mapping& mapping, MappedFile* out) {
  if (!mapping.build_id.empty()) return OpenRecorded(mapping, out);
  // ENOENT says nothing; any other says why the file cannot be had.
  int error = ENOENT;
  bool other = false;
  const auto tried = [&](const std::string& path, bool link) {
    const int failed = Try(context, mapping, path, link, out);
    if (failed != 0 && failed != ENOENT) error = failed;
    other = other || failed == 0;
    return failed == 0 && out->kind != MappedFile::kOther;
  };
  const uint32_t pid = mapping.pid;
  if (tried(LinkOf(context, pid, mapping.start << 12, mapping.end << 12), true)) return 0;
  if (!mapping.IsDeleted()) {
    bool found = false;
    EachTask(context.proc, mapping.pid, [&](const std::string& directory) {
      // A thread that has ended has no root any more; one that has is as good as all others.
      found = tried(directory + "/root" + mapping.name, false);
      return found || access((directory + "/root").c_str(), F_OK) == 0;
    });
    if (found || tried(mapping.name, false)) return 0;
  }
  const std::string by_now = LinkByNow(context, mapping);
  if (!by_now.empty() && tried(by_now, true)) return 0;
  for (const uint32_t ancestor : mapping.ancestors) {
    if (tried(LinkOf(context, ancestor, mapping.start << 12, mapping.end << 12), true)) return 0;
    const std::string root = context.proc + "/" + std::to_string(ancestor) + "/root";
    if (!mapping.IsDeleted() && tried(root + mapping.name, false)) return 0;
  }
  if (OpenKept(mapping.expected, out)) return 0;
  out->kind = MappedFile::kOther;
  return other ? 0 : error;
}

}  // namespace reader
}  // namespace pagefault
