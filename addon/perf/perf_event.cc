#include "perf/perf_event.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstring>

#include "util/clock.h"

namespace pagefault {

namespace {

// One event of a thread carries the address-space and task records for all. Where programs finish
// the faults it is the rare one: what records say of themselves (sample_id_all) is part of what the
// kernel prepares for each fault before the program runs (bpf_overflow_handler, since 6.3).
EventKind CarrierOf(const Plan& plan) {
  return plan.bpf ? EventKind::kMajor : EventKind::kMinor;
}

bool MakesMappings(EventKind kind) {
  return kind == EventKind::kMmapExit || kind == EventKind::kMremapExit ||
         kind == EventKind::kBrkExit;
}

// What each record has, samples or not.
constexpr uint64_t kOfRecords = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME;

// Allowed to every user who may use perf at all.
bool UserModeOnly(const EventSpec& spec, const Plan& plan) {
  return plan.user_only || spec.scope == Scope::kRing;
}

}  // namespace

perf_event_attr AttributeOf(EventKind kind, const Plan& plan, const Formats& formats) {
  const EventSpec& spec = SpecOf(kind);
  perf_event_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.size = sizeof attr;
  attr.type = spec.type;
  attr.config = spec.software() ? spec.config : formats.Of(kind).id;
  attr.sample_type = kOfRecords | spec.sample;
  // What it is of and when lies in what the program writes.
  if (IsFinished(kind)) attr.sample_type = PERF_SAMPLE_IDENTIFIER | spec.sample;
  // No sample of it is written: the program is told address and registers in any case.
  if (WaitsForProgram(kind, plan)) {
    attr.sample_type = kind == CarrierOf(plan) ? kOfRecords : 0;
  }
  if (plan.sample_ip) attr.sample_type |= PERF_SAMPLE_IP;
  if (!spec.software() && !plan.sample_tid) {
    attr.sample_type &= ~uint64_t{PERF_SAMPLE_TID};
  }
  if ((spec.sample & PERF_SAMPLE_REGS_USER) != 0) attr.sample_regs_user = spec.registers;
  if ((spec.sample & PERF_SAMPLE_STACK_USER) != 0) attr.sample_stack_user = kStackCopyBytes;
  attr.sample_period = 1;
  attr.use_clockid = 1;
  attr.clockid = CLOCK_MONOTONIC;
  attr.sample_id_all = 1;
  attr.exclude_kernel = UserModeOnly(spec, plan);
  attr.exclude_hv = UserModeOnly(spec, plan);
  if (IsOfStacks(kind)) attr.sample_period = plan.stack_every;
  if (IsOfMakers(kind)) attr.sample_period = plan.maker_every;
  if (plan.makers && MakesMappings(kind)) attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
  // What happens in kernel mode has the stack of its system call.
  attr.exclude_callchain_kernel = (attr.sample_type & PERF_SAMPLE_CALLCHAIN) != 0;
  if (spec.scope == Scope::kThread) {
    attr.inherit = plan.inherit;
    attr.disabled = plan.on_exec;
    attr.enable_on_exec = plan.on_exec;
    if (plan.format_lost) attr.read_format = kFormatLost;
    attr.inherit_thread = plan.threads_only;
  }
  if (kind == EventKind::kTasks) attr.task = 1;
  // Also a cgroup is told of that is gone before anybody can look at it.
  if (kind == EventKind::kTaskExit) attr.cgroup = 1;
  if (kind == CarrierOf(plan)) {
    attr.mmap = 1;
    attr.mmap2 = 1;
    attr.mmap_data = 1;
    attr.comm = 1;
    attr.comm_exec = 1;
    attr.task = 1;
  }
  return attr;
}

bool WaitsForProgram(EventKind kind, const Plan& plan) {
  return plan.bpf && SpecOf(kind).record == RecordKind::kCompletion;
}

SampleLayout LayoutOf(EventKind kind, const Plan& plan, const Formats& formats) {
  SampleLayout layout = LayoutOf(AttributeOf(kind, plan, formats));
  layout.time_in_raw = IsFinished(kind);
  // Raw data begins with its size.
  if (layout.time_in_raw && !layout.callchain) layout.time = static_cast<uint8_t>(layout.fixed + 4);
  return layout;
}

int OpenEvent(EventKind kind, const Plan& plan, const Formats& formats, pid_t pid, int cpu,
              int output, uint32_t wakeup_bytes, Patience* patience) {
  perf_event_attr attr = AttributeOf(kind, plan, formats);
  if (wakeup_bytes > 0) {
    attr.watermark = 1;
    attr.wakeup_watermark = wakeup_bytes;
  }
  if (pid == -1) {
    // For all threads of a CPU there is nothing to inherit and no exec to wait for.
    attr.inherit = 0;
    attr.disabled = 0;
    attr.enable_on_exec = 0;
  }
  if (WaitsForProgram(kind, plan)) attr.disabled = 1;
  unsigned long flags = PERF_FLAG_FD_CLOEXEC;
  if (pid == -1 && plan.cgroup >= 0 && SpecOf(kind).scope != Scope::kNobody) {
    pid = plan.cgroup;
    flags |= PERF_FLAG_PID_CGROUP;
  }
  if (output >= 0) flags |= PERF_FLAG_FD_NO_GROUP | PERF_FLAG_FD_OUTPUT;
  const uint64_t since = MonotonicNow();
  long fd;
  do {
    fd = syscall(SYS_perf_event_open, &attr, pid, cpu, output, flags);
  } while (fd < 0 && errno == EINTR && (patience == nullptr || patience->Lasts(since)));
  return fd < 0 ? -errno : static_cast<int>(fd);
}

void FilterInKernel(EventKind kind, int fd) {
  const char* filter = SpecOf(kind).filter;
  // Without it (an older kernel's language lacks something) more records come, and are left out.
  if (filter != nullptr) ioctl(fd, PERF_EVENT_IOC_SET_FILTER, filter);
}

int EventId(int fd, uint64_t* id) {
  return ioctl(fd, PERF_EVENT_IOC_ID, id) == 0 ? 0 : errno;
}

int ReadCount(int fd, bool format_lost, EventCount* out) {
  uint64_t values[2] = {0, 0};
  const size_t want = format_lost ? 16 : 8;
  ssize_t n;
  do {
    n = read(fd, values, want);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return errno;
  if (n != static_cast<ssize_t>(want)) return EIO;
  out->value = values[0];
  out->lost = values[1];
  return 0;
}

}  // namespace pagefault
