#include "proc/cgroup_procs.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "util/fd.h"

namespace pagefault {

namespace {

void ReadProcesses(const Fd& directory, std::vector<pid_t>* out) {
  const int fd = openat(directory.get(), "cgroup.procs", O_RDONLY | O_CLOEXEC);
  const std::unique_ptr<FILE, int (*)(FILE*)> file(fd < 0 ? nullptr : fdopen(fd, "r"), fclose);
  if (file == nullptr) return;
  int pid;
  while (fscanf(file.get(), "%d", &pid) == 1) out->push_back(pid);
}

}  // namespace

std::vector<pid_t> ProcessesInCgroup(int directory) {
  std::vector<pid_t> found;
  std::vector<std::string> paths = {"."};
  while (!paths.empty()) {
    const std::string path = std::move(paths.back());
    paths.pop_back();
    Fd at(openat(directory, path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!at.ok()) continue;
    ReadProcesses(at, &found);
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(fdopendir(at.get()), closedir);
    if (listing == nullptr) continue;
    at.Release();  // closedir closes it
    while (const dirent* entry = readdir(listing.get())) {
      if (entry->d_type == DT_DIR && entry->d_name[0] != '.') {
        paths.push_back(path + "/" + entry->d_name);
      }
    }
  }
  return found;
}

}  // namespace pagefault
