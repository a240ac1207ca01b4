// The real kernel, without Node: a child that touches a known number of pages. Needs root.

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>

#include "capture/capture.h"
#include "capture/plan.h"
#include "check.h"
#include "reader.h"
#include "util/clock.h"
#include "util/error.h"

namespace pagefault {
namespace test {
namespace {

constexpr size_t kPage = 4096;

// A child that waits for a byte, drops and writes to `pages` pages of memory, `rounds` times, says
// so, and waits for the next byte; "q" ends it.
class Toucher {
 public:
  explicit Toucher(size_t pages, int rounds = 1) : pages_(pages) {
    bytes_ = static_cast<char*>(mmap(nullptr, pages * kPage, PROT_READ | PROT_WRITE,
                                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    // A huge page would take 512 faults at once.
    madvise(bytes_, pages * kPage, MADV_NOHUGEPAGE);
    if (pipe(go_) != 0 || pipe(done_) != 0) abort();
    pid_ = fork();
    if (pid_ != 0) return;
    char byte;
    while (read(go_[0], &byte, 1) == 1 && byte != 'q') {
      for (int round = 0; round < rounds; round++) {
        madvise(bytes_, pages * kPage, MADV_DONTNEED);
        for (size_t i = 0; i < pages; i++) static_cast<volatile char*>(bytes_)[i * kPage] = 1;
      }
      if (write(done_[1], "d", 1) != 1) break;
    }
    _exit(0);
  }
  ~Toucher() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    munmap(bytes_, pages_ * kPage);
    for (int fd : {go_[0], go_[1], done_[0], done_[1]}) close(fd);
  }
  void Begin() { CHECK_EQ(write(go_[1], "t", 1), 1); }
  void Touch() {
    char byte;
    Begin();
    CHECK_EQ(read(done_[0], &byte, 1), 1);
  }
  void End() {
    CHECK_EQ(write(go_[1], "q", 1), 1);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  pid_t pid() const { return pid_; }
  bool Covers(uint64_t address) const {
    const uint64_t start = reinterpret_cast<uint64_t>(bytes_);
    return address >= start && address < start + pages_ * kPage;
  }

 private:
  size_t pages_;
  char* bytes_;
  pid_t pid_;
  int go_[2], done_[2];
};

CaptureOptions Of(pid_t pid, size_t ring_pages) {
  CaptureOptions options;
  options.pids = {pid};
  options.ring_pages = ring_pages;
  options.batches = 8;
  return options;
}

// A capture of one process whose batches are kept.
struct Watched : Capture {
  explicit Watched(pid_t pid, size_t ring_pages = 0)
      : Capture(Of(pid, ring_pages), [this] { wakes++; }) {}
  ~Watched() { poller().Stop(); }  // nothing wakes what is being destroyed
  void Collect() {
    const SeenBatch batch = reader.All(mailbox());
    faults.insert(faults.end(), batch.faults.begin(), batch.faults.end());
    records.insert(records.end(), batch.records.begin(), batch.records.end());
  }
  // Until `condition` holds, at most 10 s.
  template <typename F>
  bool Until(F&& condition) {
    for (int i = 0; i < 10000; i++) {
      Collect();
      if (condition()) return true;
      usleep(1000);
    }
    return false;
  }
  size_t In(const Toucher& toucher) const {
    size_t n = 0;
    for (const SeenFault& fault : faults) n += toucher.Covers(fault.address);
    return n;
  }

  std::atomic<int> wakes{0};
  BatchReader reader;
  std::vector<SeenFault> faults;
  std::vector<SeenRecord> records;
};

// For this process alone: a file of our own in the setting's place, in a mount namespace.
bool PretendParanoid(const char* value) {
  char path[] = "/tmp/pagefault-paranoid-XXXXXX";
  const Fd file(mkstemp(path));
  const ssize_t length = static_cast<ssize_t>(strlen(value));
  const bool done =
      file.ok() && fchmod(file.get(), 0644) == 0 &&
      write(file.get(), value, strlen(value)) == length && unshare(CLONE_NEWNS) == 0 &&
      mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
      mount(path, "/proc/sys/kernel/perf_event_paranoid", nullptr, MS_BIND, nullptr) == 0;
  unlink(path);
  return done;
}

// The code of what MakePlan throws in a process whose perf_event_open answers `error`, as on
// kernels that refuse it to ordinary users (perf_event_paranoid 3 of Debian) and in containers.
// The setting itself is not touched: other programs of the machine depend on it.
std::string CodeWhenRefused(int error, const char* paranoid, bool root) {
  int ends[2];
  if (pipe(ends) != 0) abort();
  const pid_t child = fork();
  if (child == 0) {
    sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_perf_event_open, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program = {4, code};
    if (!PretendParanoid(paranoid) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0 ||
        (!root && setresuid(65534, 65534, 65534) != 0)) {
      _exit(1);
    }
    std::string said = "nothing";
    Formats formats;
    std::vector<Notice> notices;
    std::vector<Fd> held;
    std::unique_ptr<BpfPrograms> programs;
    try {
      MakePlan({}, &formats, &notices, &held, &programs);
    } catch (const SystemError& failed) {
      said = failed.code() + " " + std::to_string(failed.error()) + " " + failed.call();
    }
    const ssize_t n = write(ends[1], said.data(), said.size());
    _exit(n == static_cast<ssize_t>(said.size()) ? 0 : 1);
  }
  close(ends[1]);
  char text[128];
  const ssize_t n = read(ends[0], text, sizeof text);
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return n > 0 ? std::string(text, static_cast<size_t>(n)) : "";
}

}  // namespace

TEST(live_refused_by_the_kernel) {
  // An ordinary user is refused with EACCES (perf_allow_kernel, kernel/events/core.c).
  CHECK(CodeWhenRefused(EACCES, "3", false) == "EPERM_PARANOID 13 perf_event_open");
  CHECK(CodeWhenRefused(EACCES, "2", false) == "EACCES 13 perf_event_open");
  // Root is not, and nobody with another errno: that is a filter (a container's).
  CHECK(CodeWhenRefused(EACCES, "3", true) == "SECCOMP 13 perf_event_open");
  CHECK(CodeWhenRefused(EPERM, "2", true) == "SECCOMP 1 perf_event_open");
  CHECK(CodeWhenRefused(ENOSYS, "2", false) == "SECCOMP 38 perf_event_open");
}

TEST(live_every_fault_of_a_child) {
  constexpr size_t kPages = 20000;
  Toucher toucher(kPages);
  Watched capture(toucher.pid());
  capture.Start();
  toucher.Touch();
  CHECK(capture.Until([&] { return capture.In(toucher) >= kPages; }));
  toucher.End();
  CHECK(capture.Until([&] { return capture.poller().ended(); }));
  capture.poller().Stop();
  capture.Collect();
  CHECK_EQ(capture.In(toucher), kPages);
  CHECK(capture.wakes > 0);
  double last = 0;
  for (const SeenFault& fault : capture.faults) {
    CHECK(fault.time >= last);
    last = fault.time;
    if (!toucher.Covers(fault.address)) continue;
    CHECK_EQ(fault.flags, kFlagMin | kFlagErrorCode | kFlagEntry);
    CHECK_EQ(fault.error_code, 6);  // a user's write to an absent page
    CHECK(fault.latency > 0 && fault.latency < 1e10);
    CHECK_EQ(fault.pid, static_cast<uint32_t>(toucher.pid() == 0 ? fault.pid : toucher.pid()));
  }
  const PollerCounters counters = capture.poller().counters();
  const EventSet::Totals totals = capture.poller().Count();
  CHECK_EQ(counters.pair.minor, totals.minor);
  CHECK_EQ(counters.pair.major, totals.major);
  CHECK_EQ(counters.pair.minor + counters.pair.major, capture.faults.size());
  CHECK_EQ(counters.pair.lost_records, 0u);
  CHECK_EQ(counters.pair.unresolved, 0u);
  CHECK_EQ(counters.pair.unpaired_completions, 0u);
  CHECK_EQ(counters.pair.malformed + counters.ring_malformed, 0u);
  CHECK_EQ(counters.late, 0u);
  CHECK_EQ(capture.poller().threads_now(), 0u);
}

TEST(live_events_of_a_cpu_are_opened_again) {
  // As for a CPU that was offline: what is opened for all of its threads is opened anew, all else
  // and the counts go on.
  Toucher toucher(64);
  Watched capture(toucher.pid());
  const size_t descriptors = capture.events().descriptors();
  for (size_t cpu = 0; cpu < capture.events().cpus(); cpu++) capture.events().Reopen(cpu);
  CHECK_EQ(capture.events().descriptors(), descriptors);
  CHECK_EQ(capture.events().ReopenReturned(), 0u);
  toucher.Touch();
  capture.Start();
  CHECK(capture.Until([&] { return capture.In(toucher) == 64; }));
  toucher.End();
  CHECK(capture.Until([&] { return capture.poller().ended(); }));
  capture.poller().Stop();
  const EventSet::Totals totals = capture.poller().Count();
  CHECK_EQ(capture.poller().counters().pair.minor, totals.minor);
  CHECK_EQ(capture.poller().unwatched_cpus(), 0u);
}

TEST(live_events_that_cannot_be_opened_again_are_tried_anew) {
  Toucher toucher(64);
  Watched capture(toucher.pid());
  const size_t descriptors = capture.events().descriptors();
  rlimit limit;
  CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit none = {0, limit.rlim_max};
  CHECK_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  capture.events().Reopen(0);
  CHECK(capture.events().descriptors() < descriptors);
  CHECK_EQ(capture.events().ReopenReturned(), 0u);
  CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  CHECK(capture.events().ReopenReturned() > 0);
  CHECK_EQ(capture.events().descriptors(), descriptors);
  toucher.End();
}

TEST(live_losses_are_counted_to_the_fault) {
  // One page of ring and nobody who drains it: most is lost, and the kernel says how much.
  constexpr size_t kPages = 20000;
  Toucher toucher(kPages);
  Watched capture(toucher.pid(), 1);
  toucher.Touch();
  capture.Start();
  // The next record on the CPU where some were lost brings the note of that.
  CHECK(capture.Until([&] {
    toucher.Touch();
    return capture.poller().counters().pair.lost_records > 0;
  }));
  toucher.End();
  CHECK(capture.Until([&] { return capture.poller().ended(); }));
  capture.poller().Stop();
  capture.Collect();
  const PollerCounters counters = capture.poller().counters();
  const EventSet::Totals totals = capture.poller().Count();
  CHECK(totals.lost_known);
  CHECK(totals.lost_minor > kPages / 2);
  CHECK_EQ(counters.pair.minor + totals.lost_minor, totals.minor);
  CHECK_EQ(counters.pair.major + totals.lost_major, totals.major);
  CHECK_EQ(counters.pair.unresolved, 0u);
}

TEST(live_end_is_seen_though_the_exit_record_was_lost) {
  // The ring is full when the target dies: no EXIT is ever written.
  Toucher toucher(20000);
  const uint32_t pid = static_cast<uint32_t>(toucher.pid());
  Watched capture(toucher.pid(), 1);
  toucher.Touch();
  toucher.End();
  capture.Start();
  CHECK(capture.Until([&] { return capture.poller().ended(); }));
  CHECK_EQ(capture.poller().threads_now(), 0u);
  capture.Collect();
  // The model of the target is told as well.
  size_t exits = 0;
  for (const SeenRecord& record : capture.records) exits += record.type == 4 && record.tid == pid;
  CHECK_EQ(exits, 1u);
}

TEST(live_another_session_with_another_clock) {
  // Attached after ours, it prepares the sample that ours then writes (EventIds): identifier
  // and CLOCK_REALTIME, decades ahead of our clock. Ours must neither stall nor lose.
  constexpr size_t kPages = 30000;
  Toucher toucher(kPages);
  Watched capture(toucher.pid());
  perf_event_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.size = sizeof attr;
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_PAGE_FAULTS_MIN;
  attr.sample_period = 1;
  attr.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR;
  attr.use_clockid = 1;
  attr.clockid = CLOCK_REALTIME;
  Fd other(static_cast<int>(syscall(SYS_perf_event_open, &attr, toucher.pid(), -1, -1, 0)));
  CHECK(other.ok());
  void* ring = mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_SHARED, other.get(), 0);
  CHECK(ring != MAP_FAILED);
  capture.Start();
  toucher.Touch();
  CHECK(capture.Until([&] { return capture.In(toucher) >= kPages; }));
  toucher.End();
  CHECK(capture.Until([&] { return capture.poller().ended(); }));
  capture.poller().Stop();
  capture.Collect();
  const PollerCounters counters = capture.poller().counters();
  const EventSet::Totals totals = capture.poller().Count();
  CHECK_EQ(counters.pair.minor + totals.lost_minor, totals.minor);
  const double end = static_cast<double>(MonotonicNow() - capture.start());
  for (const SeenFault& fault : capture.faults) {
    CHECK(fault.time >= 0 && fault.time <= end);
    CHECK(fault.latency < end);
  }
  munmap(ring, 2 * kPage);
}

TEST(live_two_captures_of_one_process) {
  constexpr size_t kPages = 20000;
  Toucher toucher(kPages);
  Watched first(toucher.pid());
  Watched second(toucher.pid());
  first.Start();
  second.Start();
  toucher.Touch();
  toucher.End();
  for (Watched* capture : {&first, &second}) {
    CHECK(capture->Until([&] { return capture->poller().ended(); }));
    capture->poller().Stop();
    capture->Collect();
    CHECK_EQ(capture->In(toucher), kPages);
    CHECK_EQ(capture->poller().Count().minor, capture->poller().counters().pair.minor);
  }
}

TEST(live_stop_while_the_target_faults) {
  // Ten times, at different moments of a storm: what was counted was captured.
  Toucher toucher(2000, 1000000);
  toucher.Begin();
  uint64_t captured = 0;
  usleep(20000);
  for (int i = 0; i < 10; i++) {
    Watched capture(toucher.pid());
    capture.Start();
    for (int wait = 0; wait < i; wait++) {
      usleep(1000);
      capture.Collect();
    }
    capture.poller().Stop();
    capture.Collect();
    const PollerCounters counters = capture.poller().counters();
    const EventSet::Totals totals = capture.poller().Count();
    CHECK_EQ(counters.pair.minor + totals.lost_minor, totals.minor);
    captured += counters.pair.minor;
    CHECK_EQ(counters.pair.minor + counters.pair.major + counters.pair.unresolved,
             capture.faults.size() + counters.drops.minor + counters.drops.major +
                 counters.drops.unresolved);
    CHECK(capture.poller().pending(10).size() <= 1);
    capture.poller().Stop();  // again: nothing
  }
  CHECK(captured > 0);
}

TEST(live_too_few_descriptors_for_each_thread) {
  // In a process of its own: a hard limit that was lowered can stay so.
  Toucher toucher(1);
  // ThreadSanitizer gives a process a thread of its own, which is there once the process has run.
  toucher.Touch();
  struct stat tasks;  // Of a directory of procfs: "." and ".." and one link per thread.
  CHECK_EQ(stat(("/proc/" + std::to_string(toucher.pid()) + "/task").c_str(), &tasks), 0);
  const std::string wide = "wide " + std::to_string(tasks.st_nlink - 2) + " WIDE_CAPTURE";
  int ends[2];
  CHECK_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    const int next = dup(0);
    close(next);
    const rlimit few = {static_cast<rlim_t>(next) + 80, static_cast<rlim_t>(next) + 80};
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct rights[2];
    bool done = setrlimit(RLIMIT_NOFILE, &few) == 0 && syscall(SYS_capget, &header, rights) == 0;
    rights[0].effective &= ~(1u << CAP_SYS_RESOURCE);
    done = done && syscall(SYS_capset, &header, rights) == 0;
    std::string said = "limit not set";
    if (done) {
      Watched capture(toucher.pid());
      said = (capture.events().wide() ? "wide " : "narrow ") +
             std::to_string(capture.poller().threads_now());
      for (const Notice& notice : capture.notices()) said += " " + notice.code;
    }
    _exit(write(ends[1], said.data(), said.size()) > 0 ? 0 : 1);
  }
  close(ends[1]);
  char text[256];
  const ssize_t n = read(ends[0], text, sizeof text);
  close(ends[0]);
  waitpid(child, nullptr, 0);
  CHECK(std::string(text, n > 0 ? static_cast<size_t>(n) : 0) == wide);
}

TEST(live_no_descriptors_are_left) {
  const auto open_descriptors = [] {
    const int probe = dup(0);
    close(probe);
    return probe;
  };
  Toucher toucher(10);
  const int before = open_descriptors();
  for (int i = 0; i < 20; i++) {
    Watched capture(toucher.pid(), 4);
    capture.Start();
  }
  CHECK_EQ(open_descriptors(), before);
}

TEST(live_no_such_process) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  for (pid_t pid : {child, 0, -1, 999999}) {
    std::string code;
    try {
      Watched capture(pid, 1);
    } catch (const SystemError& error) {
      code = error.code();
    }
    CHECK(code == "ESRCH");
  }
}

}  // namespace test
}  // namespace pagefault
