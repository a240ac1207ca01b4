#include "capture/counting_cost.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "perf/perf_event.h"
#include "util/error.h"
#include "util/fd.h"

namespace pagefault {

namespace {

// Rounds of about a tenth of a millisecond, with and without in turn: what else the machine does
// lengthens both. Some are interrupted: the middle one of the differences is taken.
constexpr size_t kPages = 128;
constexpr size_t kRounds = 31;
// Of what calls the programs of a fault, the event by which it completes is taken for that much: a
// tracepoint, which cannot be switched as fast, calls its program with less ado.
constexpr double kEventPart = 0.75;

class Memory {
 public:
  Memory() : size_(kPages * static_cast<size_t>(sysconf(_SC_PAGESIZE))) {
    at_ = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    // Where there are no huge pages it is refused, and not needed.
    if (ok()) madvise(at_, size_, MADV_NOHUGEPAGE);
  }
  ~Memory() {
    if (ok()) munmap(at_, size_);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  bool ok() const { return at_ != MAP_FAILED; }
  // Touches all of it. Returns CPU time for each fault in ns.
  double Touch() {
    const double begin = Now();
    const size_t page = size_ / kPages;
    for (size_t i = 0; i < kPages; i++) static_cast<volatile char*>(at_)[i * page] = 1;
    const double took = Now() - begin;
    madvise(at_, size_, MADV_DONTNEED);
    return took / kPages;
  }

 private:
  static double Now() {
    timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
  }

  size_t size_;
  void* at_;
};

// Has the programs count the faults of the current thread, once the event is on. Returns 0 or an
// errno.
int SetOnOurselves(BpfPrograms* programs, Fd* event) {
  Plan plan;
  plan.bpf = true;
  const int error = programs->List({getpid()});
  if (error != 0) return error;
  const int fd = OpenEvent(EventKind::kMinor, plan, Formats(), 0, -1, -1, 0);
  if (fd < 0) return -fd;
  event->Reset(fd);
  return programs->SetOn(fd, false);
}

int Switch(const Fd& event, bool on) {
  return ioctl(event.get(), on ? PERF_EVENT_IOC_ENABLE : PERF_EVENT_IOC_DISABLE, 0) == 0 ? 0
                                                                                         : errno;
}

// What it costs that the event is on, for each fault in ns. Returns 0 or an errno.
int MeasureEvent(const Fd& event, double* cost) {
  Memory memory;
  if (!memory.ok()) return errno;
  std::array<double, kRounds> differences;
  memory.Touch();
  for (double& difference : differences) {
    int error = Switch(event, true);
    const double with = memory.Touch();
    if (error == 0) error = Switch(event, false);
    if (error != 0) return error;
    difference = with - memory.Touch();
  }
  std::nth_element(differences.begin(), differences.begin() + kRounds / 2, differences.end());
  *cost = differences[kRounds / 2];
  return 0;
}

}  // namespace

double MeasureAround(BpfRefusal* refusal) {
  BpfOptions options;
  options.settings.scope = kBpfListed;
  options.settings.sampled = options.settings.budget = 1;
  const std::unique_ptr<BpfPrograms> programs = BpfPrograms::Open(options, refusal);
  if (programs == nullptr) return -1;
  programs->SetEvery(UINT32_MAX);
  Fd event;
  double cost = 0;
  int error = SetOnOurselves(programs.get(), &event);
  if (error == 0) error = MeasureEvent(event, &cost);
  if (error != 0) {
    *refusal = {error, "counting our own faults: " + ErrnoText(error)};
    return -1;
  }
  return std::max(0.0, cost - programs->Spent().completion_ns) / kEventPart;
}

}  // namespace pagefault
