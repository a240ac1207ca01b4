// The descriptors of a session: one ring per CPU, and the events that write into them.
#pragma once

#include <sys/types.h>

#include <vector>

#include "bpf/programs.h"
#include "capture/cpus.h"
#include "capture/descriptor_room.h"
#include "capture/notice.h"
#include "faults/decode.h"
#include "perf/perf_event.h"
#include "source/ring.h"
#include "util/error.h"
#include "util/fd.h"

namespace pagefault {

class EventSet {
 public:
  // `programs`: those of the plan, nullptr where it has none.
  EventSet(Plan plan, Formats* formats, BpfPrograms* programs);

  // One ring for each CPU, of a size as RingBytes() has it. Refused memory (EPERM, ENOMEM) halves
  // it, down to one page. Those that programs write into are as large as these are asked for.
  void OpenRings(size_t pages, std::vector<Notice>* notices);
  // The system calls and other events that change address spaces without a record of their own.
  void OpenPerCpu();
  // One thread alone (a command that waits to exec). Throws SystemError.
  void AttachThread(pid_t tid, uint32_t root);
  // The same; 0 or an errno, and nothing is left open then. EINTR: an exec of it took too long.
  int OpenThread(pid_t tid, uint32_t root, Patience* patience = nullptr);
  // The call that this errno is of.
  const char* failed_call() const { return failed_call_; }
  // Threads opened from now on run already: there is no exec to wait for.
  void RunsAlready() { plan_.on_exec = false; }
  // The births of all processes of the machine are recorded too, as far as we may see them; the
  // session itself leaves these records out. False where that is not all.
  bool OpenTasks();
  void CloseTasks();
  // Programs see entries (Plan::apart): their events are switched off, and handed out to be closed.
  std::vector<Fd> EndEntries();
  // Events for all processes of each CPU, or of the plan's cgroup, instead of those of threads:
  // descriptors do not grow with the threads. Needs the right to watch all processes; returns 0 or
  // an errno.
  int OpenWide();

  // Opens what was opened for all threads of a CPU again where that CPU has been offline meanwhile.
  // Returns 0 when there was nothing to open.
  size_t ReopenReturned();
  // The same for one CPU, by its place among the rings.
  void Reopen(size_t cpu_index);

  // With every how manyth fault a stack comes, from now on. For events that are opened for all
  // threads of a CPU: PERF_EVENT_IOC_PERIOD does not reach what was inherited.
  void SetStackPeriod(uint32_t period);
  // The same of the copies of who makes mappings.
  void SetMakerPeriod(uint32_t period);

  // With a budget. Whether minor faults are captured in windows only, none of which is open then.
  // Returns 0 or an errno, as SwitchWindow() does.
  int SetWindows(bool windows);
  int SwitchWindow(bool on);

  // Entries first: a completion without entry is still a counted fault, an entry without completion
  // would look like a fault that never ended.
  void Disable();

  // Closes the events of threads that have ended, and keeps their counts. For sessions that attach
  // again and again (set-uid programs); else the descriptors would only grow. Called once between
  // two passes over the rings at most.
  void Retire();

  struct Totals {
    uint64_t minor = 0, major = 0, lost_minor = 0, lost_major = 0;
    uint64_t lost_stacks = 0;  // copies
    // What the programs have seen: completed twice, and counted so by the kernel; entered in kernel
    // mode and not completed; calls through the vsyscall page.
    uint64_t duplicates = 0, kernel_entries = 0, vsyscalls = 0;
    // What they have not: signals for which the ring had no room; how often they had none for a
    // thread.
    uint64_t lost_errors = 0, not_kept = 0;
    // Minor faults of a sample that found none: counted all the same.
    uint64_t lost_samples = 0;
    bool lost_known = false;
  };
  Totals Count() const;

  std::vector<Ring>& rings() { return main_.rings; }
  const std::vector<Fd>& owners() const { return main_.owners; }
  // Those of copies of stacks, one for each CPU as well, or none: what is lost there is a stack and
  // never a fault.
  std::vector<Ring>& stack_rings() { return stacks_.rings; }
  // With both, and those that programs write faults into: whatever is to be read.
  std::vector<Ring*> all_rings();
  const std::vector<Fd>& stack_owners() const { return stacks_.owners; }
  const Plan& plan() const { return plan_; }
  BpfPrograms* programs() const { return programs_; }
  bool wide() const { return wide_; }
  // The plan's cgroup is no more: nothing can be in it.
  bool cgroup_removed() const;
  size_t cpus() const { return cpus_.size(); }
  // CPUs where nothing is captured: they came online since the start, or were left out, or a wide
  // capture's events could not be opened again.
  size_t unwatched_cpus() const;
  size_t descriptors() const;
  size_t ring_bytes() const;
  const DescriptorRoom& room() const { return room_; }
  // Descriptors that `threads` more threads need.
  size_t Needed(size_t threads) const { return threads * cpus_.size() * plan_.per_thread.size(); }
  // See DescriptorRoom.
  bool Reserve(size_t more) { return room_.Reserve(more); }
  // What Reserve() has refused, in numbers.
  SystemError TooManyDescriptors(size_t threads) const;

 private:
  struct Event {
    Fd fd;
    uint64_t id;
    EventKind kind;
    size_t cpu_index;
    bool per_cpu;  // for all threads of the CPU
  };
  struct RingSet {
    std::vector<Fd> owners;
    std::vector<Ring> rings;
  };
  // The ring of the next CPU of a set. Returns 0, ENODEV where that CPU is gone, or the errno of
  // mmap(2). Throws SystemError.
  int OpenRing(size_t bytes, RingSet* set);
  // Those of the next CPU; `copies`: bytes of the one for copies of stacks.
  int OpenRingsOf(size_t bytes, size_t copies);
  // Opens one event and redirects it into its CPU's ring. Returns 0 or an errno.
  int OpenInto(EventKind kind, pid_t pid, size_t cpu_index, uint32_t root,
               Patience* patience = nullptr);
  // An event for all threads of a CPU that ended when the CPU went offline.
  struct Closed {
    EventKind kind;
    size_t cpu_index;
  };
  // Opens those that can be opened now. Returns how many.
  size_t OpenClosed();
  void SetPeriod(bool (*of)(EventKind), uint64_t period);
  void CountOne(const Event& event, Totals* totals) const;
  void CountPrograms(Totals* totals) const;
  void OpenSharedRings();
  // Those that minor faults are completed by.
  int SwitchMinor(bool on);
  // For all threads of each CPU, where others are for threads: few to switch, and at one time.
  int OpenWindowEvents();
  // What has to do with programs where a descriptor has been opened. Returns 0 or an errno.
  int SetPrograms(const Event& event, pid_t pid);
  // With all that inherited from it. Returns 0 or an errno.
  static int Switch(const Fd& event, bool on);
  static void SwitchOff(const Event& event);
  // Closes the events from `from` on: their thread has ended before it had all of them. What they
  // have counted stays counted, since it is in the rings.
  void TakeBack(size_t from);

  Plan plan_;
  Formats* formats_;
  BpfPrograms* programs_;
  CpuWatch watch_;
  std::vector<int> cpus_;
  RingSet main_;
  RingSet stacks_;
  std::vector<Ring> shared_rings_;
  std::vector<Event> events_;
  std::vector<Closed> closed_;
  std::vector<Fd> window_events_;
  bool windows_ = false, in_window_ = false;
  Totals retired_;
  // Ids of what was retired last, and of what was before that.
  std::vector<uint64_t> retired_ids_[2];
  // The system call behind the last errno of OpenInto().
  const char* failed_call_ = "perf_event_open";
  bool wide_ = false;
  DescriptorRoom room_;
};

}  // namespace pagefault
