#include "operations.h"

#include <errno.h>

namespace pagefault {
namespace reader {

namespace {

struct Entry {
  uint8_t operation;
  int (*run)(Context* context, Input* request, Output* answer);
};

constexpr Entry kOperations[] = {
    {kMaps, Maps},       {kCmdline, Cmdline},      {kPage, Page},
    {kElf, ElfHeaders},  {kGuards, Guards},        {kSize, Size},
    {kNames, Names},     {kUnwind, Unwind},        {kTasks, Tasks},
    {kCgroup, Cgroup},   {kMemory, MappingMemory}, {kTls, Tls},
    {kThreads, Threads}, {kMounts, Mounts},        {kServers, Servers},
};

}  // namespace

int Answer(uint8_t operation, Context* context, Input* request, Output* answer) {
  for (const Entry& entry : kOperations) {
    if (entry.operation != operation) continue;
    const int error = entry.run(context, request, answer);
    if (error != 0) answer->Clear();
    return error;
  }
  return ENOSYS;
}

}  // namespace reader
}  // namespace pagefault
