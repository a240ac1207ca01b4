#include "perf_event.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "error.h"
#include "procfs.h"
#include "tracefs.h"

namespace pagefault {

namespace {

#ifndef PERF_FORMAT_LOST
constexpr uint64_t kFormatLost = 1U << 4;
#else
constexpr uint64_t kFormatLost = PERF_FORMAT_LOST;
#endif

constexpr uint64_t kRegisterSp =
#if defined(__x86_64__)
    uint64_t{1} << 7;  // PERF_REG_X86_SP
#elif defined(__aarch64__)
    uint64_t{1} << 31;  // PERF_REG_ARM64_SP
#else
    0;
#endif

perf_event_attr Attributes(EventKind kind, const Plan& plan, const Formats& formats) {
  perf_event_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.size = sizeof attr;
  attr.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME;
  if (formats.layout.with_ip) attr.sample_type |= PERF_SAMPLE_IP;
  attr.sample_period = 1;
  attr.use_clockid = 1;
  attr.clockid = CLOCK_MONOTONIC;
  attr.sample_id_all = 1;
  attr.exclude_kernel = plan.user_only;
  attr.exclude_hv = plan.user_only;

  switch (kind) {
    case EventKind::kRingOwner:
      attr.type = PERF_TYPE_SOFTWARE;
      attr.config = PERF_COUNT_SW_DUMMY;
      attr.exclude_kernel = 1;  // allowed to every user who may use perf at all
      attr.exclude_hv = 1;
      return attr;
    case EventKind::kMinor:
    case EventKind::kMajor:
    case EventKind::kEntryAny:
      attr.type = PERF_TYPE_SOFTWARE;
      attr.config = kind == EventKind::kMinor   ? PERF_COUNT_SW_PAGE_FAULTS_MIN
                    : kind == EventKind::kMajor ? PERF_COUNT_SW_PAGE_FAULTS_MAJ
                                                : PERF_COUNT_SW_PAGE_FAULTS;
      attr.sample_type |= PERF_SAMPLE_ADDR;
      // Not for their content: they make the three events' records differ in size (SampleLayout).
      if (kind != EventKind::kMinor) attr.sample_type |= PERF_SAMPLE_CPU;
      if (kind == EventKind::kEntryAny) attr.sample_type |= PERF_SAMPLE_PERIOD;
      break;
    default:
      attr.type = PERF_TYPE_TRACEPOINT;
      attr.config = formats.Of(kind)->id;
      attr.sample_type |= PERF_SAMPLE_RAW;
      if (!formats.layout.tracepoint_tid) attr.sample_type &= ~uint64_t{PERF_SAMPLE_TID};
      if ((kind == EventKind::kCloneExit || kind == EventKind::kClone3Exit) && kRegisterSp != 0) {
        // With which stack a thread begins: nothing else tells which mapping is its stack.
        attr.sample_type |= PERF_SAMPLE_REGS_USER;
        attr.sample_regs_user = kRegisterSp;
      }
      break;
  }
  if (PerThread(kind)) {
    attr.inherit = plan.inherit;
    attr.disabled = plan.on_exec;
    attr.enable_on_exec = plan.on_exec;
    if (plan.format_lost) attr.read_format = kFormatLost;
    attr.inherit_thread = plan.threads_only;
  }
  if (kind == EventKind::kMinor) {
    // One event carries the address-space and task records for all.
    attr.mmap = 1;
    attr.mmap2 = 1;
    attr.mmap_data = 1;
    attr.comm = 1;
    attr.comm_exec = 1;
    attr.task = 1;
  }
  return attr;
}

// Opens the event on ourselves; closes it unless it is to be held. Returns 0 or an errno.
int Probe(EventKind kind, const Plan& plan, const Formats& formats,
          std::vector<Fd>* held = nullptr) {
  Fd fd(OpenEvent(kind, plan, formats, 0, -1, -1, 0));
  if (!fd.ok()) return -fd.get();
  if (held != nullptr) held->push_back(std::move(fd));
  return 0;
}

bool ReadFormats(const Tracefs& tracefs, Formats* formats, int* error) {
  return tracefs.ReadPageFault("exceptions/page_fault_user", &formats->entry_user, error) &&
         tracefs.ReadPageFault("exceptions/page_fault_kernel", &formats->entry_kernel, error);
}

bool ReadSyscallFormats(const Tracefs& tracefs, Formats* f, int* error) {
  return tracefs.ReadFields("syscalls/sys_enter_munmap", {"addr", "len"}, &f->munmap_enter,
                            error) &&
         tracefs.ReadSyscallExit("syscalls/sys_exit_munmap", &f->munmap_exit, error) &&
         tracefs.ReadFields("syscalls/sys_enter_mremap",
                            {"addr", "old_len", "new_len", "flags", "new_addr"}, &f->mremap_enter,
                            error) &&
         tracefs.ReadSyscallExit("syscalls/sys_exit_mremap", &f->mremap_exit, error) &&
         tracefs.ReadSyscallExit("syscalls/sys_exit_brk", &f->brk_exit, error);
}

// What some processors, kernels or configurations lack: its id is 0 then.
void ReadOptionalFormats(const Tracefs& tracefs, Formats* f) {
  int error;
  const auto keep = [](bool found, TracepointFormat* format) {
    if (!found) *format = TracepointFormat();
  };
  keep(tracefs.ReadSyscallExit("syscalls/sys_exit_clone", &f->clone_exit, &error), &f->clone_exit);
  keep(tracefs.ReadSyscallExit("syscalls/sys_exit_clone3", &f->clone3_exit, &error),
       &f->clone3_exit);
  keep(tracefs.ReadFields("syscalls/sys_enter_shmdt", {"shmaddr"}, &f->shmdt_enter, &error),
       &f->shmdt_enter);
  keep(tracefs.ReadFields("signal/signal_generate", {"sig", "code", "pid"}, &f->signal, &error),
       &f->signal);
  keep(tracefs.ReadFields("task/task_newtask", {"clone_flags"}, &f->new_task, &error),
       &f->new_task);
}

}  // namespace

bool PerThread(EventKind kind) {
  return kind == EventKind::kMinor || kind == EventKind::kMajor || kind == EventKind::kEntryUser ||
         kind == EventKind::kEntryKernel || kind == EventKind::kEntryAny;
}

int OpenEvent(EventKind kind, const Plan& plan, const Formats& formats, pid_t pid, int cpu,
              int output, uint32_t wakeup_bytes) {
  perf_event_attr attr = Attributes(kind, plan, formats);
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
  unsigned long flags = PERF_FLAG_FD_CLOEXEC;
  if (output >= 0) flags |= PERF_FLAG_FD_NO_GROUP | PERF_FLAG_FD_OUTPUT;
  long fd;
  do {
    fd = syscall(SYS_perf_event_open, &attr, pid, cpu, output, flags);
  } while (fd < 0 && errno == EINTR);
  return fd < 0 ? -errno : static_cast<int>(fd);
}

Plan MakePlan(bool children, bool on_exec, Formats* formats, std::vector<Notice>* notices,
              std::vector<Fd>* held) {
  Plan plan;
  plan.threads_only = !children;
  plan.on_exec = on_exec;

  // Rights first: kernel-mode faults, then user-mode faults only, then nothing.
  int error = Probe(EventKind::kMinor, plan, *formats);
  if (error == EINVAL && plan.threads_only) {
    throw SystemError("ENOTSUP_NO_CHILDREN", error, "perf_event_open",
                      "following threads without children needs Linux 5.13");
  }
  if (error == EACCES || error == EPERM) {
    plan.user_only = true;
    const int refused = error;
    error = Probe(EventKind::kMinor, plan, *formats);
    if (error == 0) notices->push_back({"USER_ONLY", refused, std::to_string(Paranoid())});
  }
  if (RefusedBySeccomp(error)) throw SystemError("SECCOMP", error, "perf_event_open", "");
  if (error == EACCES || error == EPERM) {
    throw SystemError(Paranoid() > 2 ? "EPERM_PARANOID" : ErrnoName(error), error,
                      "perf_event_open", "perf_event_paranoid is " + std::to_string(Paranoid()));
  }
  if (error != 0) throw SystemError(error, "perf_event_open", "page fault events");

  plan.format_lost = true;
  if (Probe(EventKind::kMinor, plan, *formats) != 0) plan.format_lost = false;

  formats->layout.tracepoint_tid = !InInitialPidNamespace();
  const Tracefs tracefs;
  int why = tracefs.error();
  std::string what = "tracefs";
  if (tracefs.ok() && ReadFormats(tracefs, formats, &why)) {
    why = Probe(EventKind::kEntryUser, plan, *formats, held);
    what = "exceptions:page_fault_user";
    if (why == 0 && !plan.user_only) {
      why = Probe(EventKind::kEntryKernel, plan, *formats, held);
      what = "exceptions:page_fault_kernel";
    }
    plan.tracepoints = why == 0;
  }
  if (plan.tracepoints) {
    if (tracefs.detached()) notices->push_back({"TRACEFS_DETACHED", 0, ""});
    plan.per_thread = {EventKind::kMinor, EventKind::kMajor, EventKind::kEntryUser};
    if (!plan.user_only) plan.per_thread.push_back(EventKind::kEntryKernel);
  } else {
    notices->push_back({"NO_TRACEPOINTS", why, what + ": " + ErrnoText(why)});
    formats->layout.with_ip = true;
    formats->layout.tracepoint_tid = true;
    plan.per_thread = {EventKind::kMinor, EventKind::kMajor, EventKind::kEntryAny};
  }

  if (!tracefs.ok()) {
    notices->push_back({"NO_UNMAP_TRACEPOINTS", why, ErrnoText(why)});
    notices->push_back({"NO_SIGNAL_TRACEPOINT", why, ""});
    return plan;
  }
  ReadOptionalFormats(tracefs, formats);
  // 0 or an errno; what may be opened for all threads of one CPU may be so on the others. This one
  // is online.
  const int cpu = sched_getcpu();
  const auto per_cpu = [&](EventKind kind) {
    if (formats->Of(kind)->id == 0) return ENOENT;
    Fd fd(OpenEvent(kind, plan, *formats, -1, cpu, -1, 0));
    if (!fd.ok()) return -fd.get();
    held->push_back(std::move(fd));
    plan.per_cpu.push_back(kind);
    return 0;
  };
  why = ENOENT;
  if (ReadSyscallFormats(tracefs, formats, &why)) {
    for (EventKind kind : {EventKind::kMunmapEnter, EventKind::kMunmapExit, EventKind::kMremapEnter,
                           EventKind::kMremapExit, EventKind::kBrkExit}) {
      why = per_cpu(kind);
      if (why != 0) break;
    }
    plan.syscall_tracepoints = why == 0;
  }
  if (!plan.syscall_tracepoints) {
    plan.per_cpu.clear();
    notices->push_back({"NO_UNMAP_TRACEPOINTS", why, ErrnoText(why)});
  }
  for (EventKind kind : {EventKind::kCloneExit, EventKind::kClone3Exit, EventKind::kShmdtEnter,
                         EventKind::kNewTask}) {
    per_cpu(kind);
  }
  why = per_cpu(EventKind::kSignal);
  if (why != 0) {
    formats->signal.id = 0;
    notices->push_back({"NO_SIGNAL_TRACEPOINT", why, ""});
  }
  return plan;
}

void FilterInKernel(EventKind kind, int fd) {
  // SIGBUS and SIGSEGV, for a reason of the kernel's; processes with their parent's memory.
  const char* filter = kind == EventKind::kSignal ? "(sig == 7 || sig == 11) && code > 0"
                       : kind == EventKind::kNewTask
                           ? "(clone_flags & 0x100) && !(clone_flags & 0x10000)"
                           : nullptr;
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

int Paranoid() {
  FILE* file = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
  if (file == nullptr) return 2;
  int value = 2;
  if (fscanf(file, "%d", &value) != 1) value = 2;
  fclose(file);
  return value;
}

}  // namespace pagefault
