#include "task_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "../util/fd.h"
#include "frame.h"
#include "operations.h"

namespace pagefault {
namespace reader {

namespace {

// Of a process whose first thread has ended. All its threads share one address space, so that one
// which has not ended by now will do.
constexpr int kMaxTasks = 64;

// A process may have any part of its memory shown as its command line (PR_SET_MM_ARG_END).
constexpr size_t kMaxCmdline = 128 << 10;

// fs.mount-max is 100,000 mounts of some 200 bytes.
constexpr size_t kMaxMounts = 32 << 20;

// A line of status names a NUMA node or CPU each at most; a path of cgroups has PATH_MAX.
constexpr size_t kMaxTaskFile = 32 << 10;

}  // namespace

int ReadFile(const std::string& path, size_t max, Output* out) {
  Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok()) return errno;
  std::vector<uint8_t>& bytes = out->bytes();
  size_t length = bytes.size();
  for (;;) {
    if (length == bytes.size()) bytes.resize(std::min(max, length * 2 + (64 << 10)));
    const ssize_t n = read(fd.get(), bytes.data() + length, bytes.size() - length);
    if (n < 0 && errno == EINTR) continue;
    const int error = errno;
    if (n > 0) length += static_cast<size_t>(n);
    if (n > 0 && length < max) continue;
    bytes.resize(length);
    return n < 0 ? error : 0;
  }
}

void AddFile(const std::string& path, size_t max, Output* answer) {
  Output text;
  if (ReadFile(path, max, &text) != 0) text.Clear();
  answer->U32(static_cast<uint32_t>(text.bytes().size()));
  answer->Raw(text.bytes().data(), text.bytes().size());
}

void EachTask(const std::string& proc, uint32_t pid,
              const std::function<bool(const std::string& directory)>& use) {
  const std::string own = proc + "/" + std::to_string(pid);
  if (use(own)) return;
  DIR* dir = opendir((own + "/task").c_str());
  if (dir == nullptr) return;
  for (int left = kMaxTasks; left > 0; left--) {
    const dirent* entry = readdir(dir);
    if (entry == nullptr) break;
    if (entry->d_name[0] == '.' || entry->d_name == std::to_string(pid)) continue;
    if (use(own + "/task/" + entry->d_name)) break;
  }
  closedir(dir);
}

int ReadTaskFile(const std::string& proc, uint32_t pid, const char* name, size_t max, Output* out) {
  int first = -1;
  bool found = false;
  EachTask(proc, pid, [&](const std::string& directory) {
    out->Clear();
    const int error = ReadFile(directory + "/" + name, max, out);
    if (first < 0) first = error;
    found = error == 0 && !out->bytes().empty();
    return found;
  });
  if (found) return 0;
  out->Clear();
  return first;
}

int Maps(Context* context, Input* request, Output* answer) {
  const uint32_t pid = request->U32();
  return request->Exact() ? ReadTaskFile(context->proc, pid, "maps", kMaxAnswer, answer) : EINVAL;
}

int Cmdline(Context* context, Input* request, Output* answer) {
  const uint32_t pid = request->U32();
  return request->Exact() ? ReadTaskFile(context->proc, pid, "cmdline", kMaxCmdline, answer)
                          : EINVAL;
}

// Of each process, in the order asked: u32 length and the text of /proc/PID/status, the same of
// /proc/PID/cgroup. A length of 0: it could not be read. Neither file needs the address space, but
// the second waits for whoever changes cgroups (cgroup_mutex of kernel/cgroup/cgroup.c).
int Tasks(Context* context, Input* request, Output* answer) {
  std::vector<uint32_t> pids(request->U16());
  for (uint32_t& pid : pids) pid = request->U32();
  if (!request->Exact()) return EINVAL;
  for (const uint32_t pid : pids) {
    for (const char* name : {"/status", "/cgroup"})
      AddFile(context->proc + "/" + std::to_string(pid) + name, kMaxTaskFile, answer);
  }
  return 0;
}

// Of each thread, in the order asked: u32 length and the text of /proc/PID/task/TID/syscall, the
// same of its stat. The first waits for an exec of the process (exec_update_lock, lock_trace in
// fs/proc/base.c), and an exec for the file systems whose files it closes.
int Threads(Context* context, Input* request, Output* answer) {
  std::vector<std::pair<uint32_t, uint32_t>> threads(request->U16());
  for (auto& [pid, tid] : threads) {
    pid = request->U32();
    tid = request->U32();
  }
  if (!request->Exact()) return EINVAL;
  for (const auto& [pid, tid] : threads) {
    const std::string thread =
        context->proc + "/" + std::to_string(pid) + "/task/" + std::to_string(tid);
    for (const char* name : {"/syscall", "/stat"}) AddFile(thread + name, kMaxTaskFile, answer);
  }
  return 0;
}

// Waits for whoever changes mounts (namespace_sem of fs/namespace.c).
int Mounts(Context* context, Input* request, Output* answer) {
  const uint32_t pid = request->U32();
  if (!request->Exact()) return EINVAL;
  return ReadFile(context->proc + "/" + std::to_string(pid) + "/mountinfo", kMaxMounts, answer);
}

}  // namespace reader
}  // namespace pagefault
