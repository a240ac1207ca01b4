// The headers of the file behind a mapping.
//
//   request   u32 pid, u64 start and end page, u8 prot, u32 device major and minor, u64 inode, the
//   name:
//             a mapping as the kernel told of it
//   answer    u8 what was found (Found). For all but kOther: u64 device, inode, size, i64 mtime and
//             ctime (ns) of the file, as stat(2) has them. For kProgram: u32 segments, each f64
//             offset, address, file size, memory size, u8 prot; u32 sections, each f64 address,
//             size, u8 1 for SHT_NOBITS, u16 length of the name, the name
//   errno     why no file could be reached
//
// Opened through map_files, which is the mapped file itself, also when it is deleted. Where that is
// refused (no CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE, or the exact range is gone) through the
// path. With O_PATH first, and only regular files for reading: the path is the target's to choose,
// and opening a FIFO blocks, opening a watchdog reboots.
//
// What was opened need not be the file of the mapping: another may be mapped in its place by now,
// or lie at its path. stat(2) does not tell, its numbers differ from those of maps and of
// PERF_RECORD_MMAP2 on btrfs and overlayfs. So the file is mapped here, and the kernel says of our
// own mapping what it says of the target's.
//
// Data files are never read: a read of ours brings pages into the cache, and the faults of the
// target that we are here to observe would turn from major to minor.

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "../fd.h"
#include "elf_parse.h"
#include "operations.h"
#include "task_files.h"
#include "vma_query.h"

namespace pagefault {
namespace reader {

namespace {

enum Found : uint8_t {
  kOther = 0,    // a file, but not the mapping's
  kData = 1,     // not read
  kNoElf = 2,    // a program by its name or mode, but no ELF image
  kProgram = 3,  // an ELF image
};

constexpr uint8_t kExec = 4;
constexpr uint64_t kPages = uint64_t{1} << 52;
constexpr char kDeleted[] = " (deleted)";

struct Mapping {
  uint32_t pid;
  uint64_t start, end;  // pages
  uint8_t prot;
  uint32_t dev_major, dev_minor;
  uint64_t ino;
  std::string name;
};

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

void WriteImage(const ElfImage& image, Output* answer) {
  answer->U32(static_cast<uint32_t>(image.segments.size()));
  for (const ElfSegment& segment : image.segments) {
    answer->F64(static_cast<double>(segment.offset));
    answer->F64(static_cast<double>(segment.address));
    answer->F64(static_cast<double>(segment.file_size));
    answer->F64(static_cast<double>(segment.mem_size));
    answer->U8(segment.prot);
  }
  answer->U32(static_cast<uint32_t>(image.sections.size()));
  for (const ElfSection& section : image.sections) {
    answer->F64(static_cast<double>(section.address));
    answer->F64(static_cast<double>(section.size));
    answer->U8(section.nobits ? 1 : 0);
    answer->U16(static_cast<uint16_t>(section.name.size()));
    answer->Raw(section.name.data(), section.name.size());
  }
}

void WriteStat(Found found, const struct stat& stat, Output* answer) {
  answer->U8(found);
  answer->U64(stat.st_dev);
  answer->U64(stat.st_ino);
  answer->U64(static_cast<uint64_t>(stat.st_size));
  for (const struct timespec& time : {stat.st_mtim, stat.st_ctim}) {
    // Of no matter which time: a file system of the target's may give any, and a sum that wraps.
    answer->U64(static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 +
                static_cast<uint64_t>(time.tv_nsec));
  }
}

size_t ReadPart(int fd, uint64_t offset, uint8_t* to, size_t length) {
  size_t done = 0;
  while (done < length) {
    const ssize_t n = pread(fd, to + done, length - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    // EIO, a stale NFS handle: what cannot be read has no sections.
    if (n <= 0) break;
    done += static_cast<size_t>(n);
  }
  return done;
}

// Tries one way to the file. Returns 0 with an answer (kOther: try another way), or an errno.
int Try(const Context& context, const Mapping& mapping, const std::string& path, bool link,
        Output* answer) {
  Fd place(open(path.c_str(), O_PATH | O_CLOEXEC | (link ? 0 : O_NOFOLLOW)));
  struct stat stat;
  if (!place.ok() || fstat(place.get(), &stat) != 0) return errno;
  answer->Clear();
  answer->U8(kOther);
  if (!S_ISREG(stat.st_mode)) return 0;
  if (!MayBeProgram(mapping, stat)) {
    if (stat.st_ino != mapping.ino) return 0;
    answer->Clear();
    WriteStat(kData, stat, answer);
    return 0;
  }
  const std::string opened = "/proc/self/fd/" + std::to_string(place.get());
  Fd file(open(opened.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  // No read permission: an execute-only program.
  if (!file.ok()) return errno;
  VmaAnswer identity;
  if (!IdentityInMaps(file.get(), &identity)) return 0;
  if (!Same(identity, mapping) &&
      !(link && SameOnOverlay(context, mapping, file.get(), identity))) {
    return 0;
  }
  ElfImage image;
  const bool elf = ParseElf([&](uint64_t offset, uint8_t* to,
                                size_t length) { return ReadPart(file.get(), offset, to, length); },
                            &image);
  answer->Clear();
  WriteStat(elf ? kProgram : kNoElf, stat, answer);
  if (elf) WriteImage(image, answer);
  return 0;
}

}  // namespace

int Elf(Context* context, Input* request, Output* answer) {
  Mapping mapping;
  mapping.pid = request->U32();
  mapping.start = request->U64();
  mapping.end = request->U64();
  mapping.prot = request->U8();
  mapping.dev_major = request->U32();
  mapping.dev_minor = request->U32();
  mapping.ino = request->U64();
  mapping.name = request->Rest();
  if (!request->Exact() || mapping.start >= kPages || mapping.end > kPages) return EINVAL;
  if (mapping.name.empty() || mapping.name[0] != '/') return EINVAL;

  const std::string own = context->proc + "/" + std::to_string(mapping.pid);
  char range[40];
  snprintf(range, sizeof range, "/map_files/%llx-%llx",
           static_cast<unsigned long long>(mapping.start << 12),
           static_cast<unsigned long long>(mapping.end << 12));
  // ENOENT says nothing; any other says why the file cannot be had.
  int error = ENOENT;
  bool other = false;
  const auto tried = [&](const std::string& path, bool link) {
    const int failed = Try(*context, mapping, path, link, answer);
    if (failed != 0 && failed != ENOENT) error = failed;
    other = other || failed == 0;
    return failed == 0 && answer->bytes()[0] != kOther;
  };
  if (tried(own + range, true)) return 0;
  if (!EndsWith(mapping.name, kDeleted)) {
    bool found = false;
    EachTask(context->proc, mapping.pid, [&](const std::string& directory) {
      // A thread that has ended has no root any more; one that has is as good as all others.
      found = tried(directory + "/root" + mapping.name, false);
      return found || access((directory + "/root").c_str(), F_OK) == 0;
    });
    if (found || tried(mapping.name, false)) return 0;
  }
  if (!other) return error;
  answer->Clear();
  answer->U8(kOther);
  return 0;
}

}  // namespace reader
}  // namespace pagefault
