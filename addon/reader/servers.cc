// On which process others wait: who has the descriptor open by which faults are answered.
//
//   request   u8 what, u32 of: 1 userfaultfd, of the process with that pid; 2 FUSE, of the mount
//             on that device, in the kernel's own form (MAJOR << 20 | MINOR)
//   answer    u32 pid; u32 tid, 0 where that is not known; u8 1 it answers for
//             certain, 0 it holds a descriptor, as others do; u16 length and comm of the process,
//             the same of the thread
//   errno     ENOENT nobody is known for certain
//
// A process that holds a userfaultfd answers its own faults where a thread of it is seen in read(2)
// or ioctl(2) of it (proc_pid_syscall(5)), and where nobody else holds one. Else it may have left
// that to whoever inherited the descriptor or was sent it, and is only the one that holds it. Of
// others only the descriptor is known: who holds the only one there is answers, and of FUSE whoever
// has the connection (fuse_connection in fdinfo, since Linux 6.16, whose "fs: fuse: add dev id to
// /dev/fuse fdinfo" has it: the device as the kernel has it, of fuseblk a disk's). Nobody else is
// named where another could be meant.

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

#include "operations.h"
#include "task_files.h"

namespace pagefault {
namespace reader {

namespace {

enum What : uint8_t { kUserfaultfd = 1, kFuse = 2 };

constexpr int kMaxSeenThreads = 1024;
constexpr int64_t kBudgetNs = 200'000'000;
constexpr size_t kMaxSmallFile = 4096;

struct Server {
  uint32_t pid = 0;
  uint32_t tid = 0;
  bool answers = false;
};

// Of our own CPU time, so that a busy machine does not take it away. ns.
int64_t Now() {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::string TextOf(const std::string& path) {
  Output text;
  if (ReadFile(path, kMaxSmallFile, &text) != 0) return "";
  return std::string(text.bytes().begin(), text.bytes().end());
}

// Calls `use` with the numbers that are names in a directory, until it returns true. False: not all
// were seen.
bool EachNumber(const std::string& directory, int64_t until,
                const std::function<bool(uint32_t)>& use) {
  DIR* dir = opendir(directory.c_str());
  if (dir == nullptr) return errno == ENOENT || errno == ESRCH;
  bool whole = true;
  while (const dirent* entry = readdir(dir)) {
    char* end = nullptr;
    const unsigned long number = strtoul(entry->d_name, &end, 10);
    if (end == entry->d_name || *end != '\0') continue;
    if (Now() >= until) {
      whole = false;
      break;
    }
    if (use(static_cast<uint32_t>(number))) break;
  }
  closedir(dir);
  return whole;
}

// The first descriptor of a process that is the one looked for, -1 for none. False: not all were
// seen.
bool FindDescriptor(const std::string& process, What what, uint32_t device, int64_t until,
                    int* found) {
  const std::string link = what == kFuse ? "/dev/fuse" : "anon_inode:[userfaultfd]";
  *found = -1;
  return EachNumber(process + "/fd", until, [&](uint32_t fd) {
    char target[64];
    const std::string name = std::to_string(fd);
    const ssize_t n = readlink((process + "/fd/" + name).c_str(), target, sizeof target);
    if (n <= 0 || std::string(target, static_cast<size_t>(n)) != link) return false;
    if (what == kFuse) {
      const std::string line = "\nfuse_connection:\t" + std::to_string(device) + "\n";
      if (TextOf(process + "/fdinfo/" + name).find(line) == std::string::npos) return false;
    }
    *found = static_cast<int>(fd);
    return true;
  });
}

// The thread that reads a descriptor or answers by it, 0 where none is seen to.
uint32_t ServingThread(const std::string& process, int fd, int64_t until) {
  std::vector<std::string> calls;
  for (const long number : {SYS_read, SYS_ioctl}) {
    char call[64];
    snprintf(call, sizeof call, "%ld 0x%x ", number, static_cast<unsigned>(fd));
    calls.push_back(call);
  }
  uint32_t serving = 0;
  int left = kMaxSeenThreads;
  EachNumber(process + "/task", until, [&](uint32_t tid) {
    const std::string text = TextOf(process + "/task/" + std::to_string(tid) + "/syscall");
    for (const std::string& call : calls) {
      if (text.compare(0, call.size(), call) == 0) serving = tid;
    }
    return serving != 0 || --left == 0;
  });
  return serving;
}

// The only process that has such a descriptor; 0 where there are several, or one could have been
// missed.
uint32_t OnlyHolder(const std::string& proc, What what, uint32_t device, int64_t until, int* fd) {
  uint32_t holder = 0;
  bool several = false, missed = false;
  const bool whole = EachNumber(proc, until, [&](uint32_t pid) {
    int found = -1;
    const std::string process = proc + "/" + std::to_string(pid);
    missed = missed || !FindDescriptor(process, what, device, until, &found);
    if (found < 0) return false;
    several = holder != 0;
    holder = pid;
    *fd = found;
    return several;
  });
  return whole && !several && !missed ? holder : 0;
}

Server FindFuse(const std::string& proc, uint32_t device, int64_t until) {
  int fd = -1;
  Server server;
  server.pid = OnlyHolder(proc, kFuse, device, until, &fd);
  server.answers = server.pid != 0;
  return server;
}

Server FindUserfaultfd(const std::string& proc, uint32_t of, int64_t until) {
  Server server;
  int fd = -1;
  const std::string process = proc + "/" + std::to_string(of);
  FindDescriptor(process, kUserfaultfd, 0, until, &fd);
  if (fd >= 0) {
    server.pid = of;
    server.tid = ServingThread(process, fd, until);
    server.answers = server.tid != 0;
  }
  if (server.answers) return server;
  const uint32_t only = OnlyHolder(proc, kUserfaultfd, 0, until, &fd);
  if (only == 0) return server;
  if (only != server.pid) {
    server.pid = only;
    server.tid = ServingThread(proc + "/" + std::to_string(only), fd, until);
  }
  server.answers = true;
  return server;
}

void PutComm(const std::string& path, Output* answer) {
  std::string comm = TextOf(path);
  if (!comm.empty() && comm.back() == '\n') comm.pop_back();
  answer->U16(static_cast<uint16_t>(comm.size()));
  answer->Raw(comm.data(), comm.size());
}

}  // namespace

int Servers(Context* context, Input* request, Output* answer) {
  const uint8_t what = request->U8();
  const uint32_t of = request->U32();
  if (!request->Exact() || (what != kUserfaultfd && what != kFuse)) return EINVAL;
  const int64_t until = Now() + kBudgetNs;
  const Server server = what == kFuse ? FindFuse(context->proc, of, until)
                                      : FindUserfaultfd(context->proc, of, until);
  if (server.pid == 0) return ENOENT;
  const std::string process = context->proc + "/" + std::to_string(server.pid);
  answer->U32(server.pid);
  answer->U32(server.tid);
  answer->U8(server.answers ? 1 : 0);
  PutComm(process + "/comm", answer);
  PutComm(server.tid == 0 ? "" : process + "/task/" + std::to_string(server.tid) + "/comm", answer);
  return 0;
}

}  // namespace reader
}  // namespace pagefault
