// The file behind a mapping.
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
#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

#include "../util/fd.h"
#include "bytes.h"
#include "elf_parse.h"
#include "expected_file.h"

namespace pagefault {
namespace reader {

struct Context;

// A mapping as the kernel told of it.
struct Mapping {
  uint32_t pid;
  uint64_t start, end;  // pages
  uint8_t prot;
  uint32_t dev_major, dev_minor;
  uint64_t ino;
  std::string name;
  // Of one that was recorded, here or elsewhere: what its file must have. Empty: the mapping is
  // there.
  std::string build_id;
  // Which file it was, and a way to it that lasts for longer than the process. Other ways are taken
  // whatever this says.
  ExpectedFile expected;
  // Processes that its process comes from, nearest first. They see the files of one that has ended
  // below the same paths as a rule, and have what it was born with mapped where it had it.
  std::vector<uint32_t> ancestors;

  // The path without the mark of a deleted file.
  std::string Path() const;
  bool IsDeleted() const;
};

struct MappedFile {
  enum Kind { kOther, kData, kProgram };
  Kind kind = kOther;  // kOther: what can be reached is not the mapping's. kData: not opened
  Fd file;             // of a program
  struct stat stat = {};
};

// u8 how many, each u32 pid, nearest first. False for more than there may be.
bool ReadAncestors(Input* request, Mapping* out);

// u32 pid, its ancestors, u64 start and end page, u8 prot, u32 device major and minor, u64 inode,
// the name, and behind a zero, where it was recorded, the build id. False for a request that does
// not hold that.
bool ReadMapping(Input* request, Mapping* out);

// Returns 0, or the errno with which no file could be reached.
int OpenMapped(const Context& context, const Mapping& mapping, MappedFile* out);

// Reads pieces of an open file; less than was asked for at its end, and where it cannot be read.
ReadAt ReaderOf(int file);

// Of no matter which time: a file system of the target's may give any, and a sum that wraps.
uint64_t Nanoseconds(const struct timespec& time);

// A regular file behind an O_PATH descriptor, for reading. Returns 0, EINVAL for what is none, or
// another errno.
int OpenRegular(const Fd& place, Fd* out);

}  // namespace reader
}  // namespace pagefault
