// What the reader can be asked. To add an operation: a number here and in src/sources/reader/
// operations.ts, a function with this signature, a line in the table of operations.cc.
#pragma once

#include <string>

#include "bytes.h"
#include "jit_dumps.h"
#include "kept_files.h"
#include "kernel_symbols.h"
#include "open_maps.h"
#include "symbol_files.h"

namespace pagefault {
namespace reader {

enum Operation : uint8_t {
  kMaps = 1,      // u32 pid -> the text of /proc/PID/maps
  kCmdline = 2,   // u32 pid -> the bytes of /proc/PID/cmdline
  kPage = 3,      // u32 pid, u64 page -> see page.cc
  kElf = 4,       // see elf_file.cc
  kGuards = 5,    // u32 pid -> see guards.cc
  kSize = 6,      // see size.cc
  kNames = 7,     // see names.cc
  kUnwind = 8,    // see unwind.cc
  kTasks = 9,     // u16 count, u32 pid each -> see task_files.cc
  kCgroup = 10,   // u16 length of the mount, the mount and the path below it -> see cgroup_files.cc
  kMemory = 11,   // u32 pid, u64 page -> see mapping_memory.cc
  kTls = 12,      // see tls.cc
  kThreads = 13,  // u16 count, u32 pid and u32 tid each -> see task_files.cc
  kMounts = 14,   // u32 pid -> the text of /proc/PID/mountinfo
  kServers = 15,  // see servers.cc
};

// Addresses have 64 bits, so requests name pages below this.
constexpr uint64_t kAddressSpacePages = uint64_t{1} << 52;

// What lasts from one request to the next.
struct Context {
  std::string proc;  // where procfs lies
  OpenMaps open_maps;
  SymbolFiles symbols;
  KernelSymbols kernel;
  JitDumps jit_dumps;
  KeptFiles kept;
};

// Answers `request` with `operation`. Returns 0 or an errno (EINVAL for a request that does not
// hold what the operation needs, ENOSYS for no such operation).
int Answer(uint8_t operation, Context* context, Input* request, Output* answer);

// One function per operation.
int Maps(Context* context, Input* request, Output* answer);
int Cmdline(Context* context, Input* request, Output* answer);
int Page(Context* context, Input* request, Output* answer);
int ElfHeaders(Context* context, Input* request, Output* answer);
int Guards(Context* context, Input* request, Output* answer);
int Size(Context* context, Input* request, Output* answer);
int Names(Context* context, Input* request, Output* answer);
int Unwind(Context* context, Input* request, Output* answer);
int Tasks(Context* context, Input* request, Output* answer);
int Cgroup(Context* context, Input* request, Output* answer);
int MappingMemory(Context* context, Input* request, Output* answer);
int Tls(Context* context, Input* request, Output* answer);
int Threads(Context* context, Input* request, Output* answer);
int Mounts(Context* context, Input* request, Output* answer);
int Servers(Context* context, Input* request, Output* answer);

}  // namespace reader
}  // namespace pagefault
