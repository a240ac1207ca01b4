#include "capture/cpus.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <set>
#include <string>

#include "util/error.h"

namespace pagefault {

namespace {

constexpr int kMaxCpus = 8192;  // CONFIG_NR_CPUS, x86

int OpenCpuClock(int cpu) {
  perf_event_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.size = sizeof attr;
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_DUMMY;
  attr.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED;
  const long fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
  return fd < 0 ? -errno : static_cast<int>(fd);
}

uint64_t TimeEnabled(int fd) {
  uint64_t values[2] = {0, 0};  // value, time enabled
  return read(fd, values, sizeof values) == sizeof values ? values[1] : 0;
}

// "0-3,5,7-8"
void AddListed(const char* path, std::set<int>* cpus) {
  FILE* file = fopen(path, "re");
  if (file == nullptr) return;
  int first;
  while (fscanf(file, "%d", &first) == 1) {
    int last = first;
    int separator = fgetc(file);
    if (separator == '-') {
      if (fscanf(file, "%d", &last) != 1) break;
      separator = fgetc(file);
    }
    for (int cpu = first; cpu <= last && cpu < kMaxCpus; cpu++) cpus->insert(cpu);
    if (separator != ',') break;
  }
  fclose(file);
}

void AddAffine(std::set<int>* cpus) {
  cpu_set_t* mask = CPU_ALLOC(kMaxCpus);
  const size_t bytes = CPU_ALLOC_SIZE(kMaxCpus);
  if (mask != nullptr && sched_getaffinity(0, bytes, mask) == 0) {
    for (int cpu = 0; cpu < kMaxCpus; cpu++) {
      if (CPU_ISSET_S(cpu, bytes, mask)) cpus->insert(cpu);
    }
  }
  CPU_FREE(mask);
}

bool Refused(int error) {
  return error == -EACCES || error == -EPERM;
}

// Those that a container shows, or that we may run on: some of all.
std::set<int> KnownCpus() {
  std::set<int> cpus;
  AddListed("/sys/devices/system/cpu/online", &cpus);
  AddAffine(&cpus);
  return cpus;
}

}  // namespace

CpuWatch::CpuWatch(Open open, OnFor on_for, int last_known)
    : open_(std::move(open)), on_for_(std::move(on_for)) {
  for (int number = 0; number < kMaxCpus; number++) {
    const int fd = open_(number);
    if (fd == -EINVAL && number > last_known) break;
    if (fd < 0 && fd != -ENODEV) {
      throw SystemError(-fd, "perf_event_open", "CPU " + std::to_string(number));
    }
    if (fd >= 0) online_.push_back(number);
    cpus_.push_back({number, fd >= 0, Fd(fd >= 0 ? fd : -1), 0});
  }
}

CpuWatch CpuWatch::Perf() {
  const int first = OpenCpuClock(sched_getcpu());
  const Fd probe(first >= 0 ? first : -1);
  const std::set<int> cpus = KnownCpus();
  if (!Refused(first)) {
    return CpuWatch(OpenCpuClock, TimeEnabled, cpus.empty() ? 0 : *cpus.rbegin());
  }
  CpuWatch watch;
  watch.online_.assign(cpus.begin(), cpus.end());
  return watch;
}

std::vector<int> CpuWatch::TakeReturned() {
  std::vector<int> returned;
  for (Cpu& cpu : cpus_) {
    const uint64_t on_for = cpu.event.ok() ? on_for_(cpu.event.get()) : 0;
    if (on_for > cpu.on_for) {
      cpu.on_for = on_for;
      continue;
    }
    // An error is not news: it is tried again at the next look.
    const int fd = open_(cpu.number);
    cpu.event.Reset(fd >= 0 ? fd : -1);
    cpu.on_for = 0;
    if (fd >= 0 && cpu.from_start) returned.push_back(cpu.number);
  }
  return returned;
}

void CpuWatch::LeaveOut(int cpu) {
  for (Cpu& watched : cpus_)
    if (watched.number == cpu) watched.from_start = false;
}

size_t CpuWatch::unwatched() const {
  return static_cast<size_t>(std::count_if(cpus_.begin(), cpus_.end(), [](const Cpu& cpu) {
    return cpu.event.ok() && !cpu.from_start;
  }));
}

}  // namespace pagefault
