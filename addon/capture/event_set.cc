#include "capture/event_set.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "capture/ring_size.h"
#include "util/error.h"

namespace pagefault {

namespace {

SystemError NoCpu() {
  return SystemError(ENODEV, "perf_event_open", "no event can be opened on any CPU");
}

}  // namespace

EventSet::EventSet(Plan plan, Formats* formats, BpfPrograms* programs)
    : plan_(std::move(plan)),
      formats_(formats),
      programs_(programs),
      watch_(CpuWatch::Perf()),
      cpus_(watch_.online()) {}

void EventSet::OpenSharedRings() {
  if (programs_ == nullptr) return;
  for (const int cpu : cpus_) {
    SharedRing shared;
    if (!programs_->OpenSharedRing(cpu, &shared)) continue;
    Ring ring;
    ring.Borrow(shared.head, shared.tail, shared.data, shared.bytes);
    shared_rings_.push_back(std::move(ring));
  }
}

void EventSet::OpenRings(size_t pages, std::vector<Notice>* notices) {
  if (cpus_.empty()) throw NoCpu();
  const size_t page_size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t want = RingBytes(pages, cpus_.size(), programs_ != nullptr) / page_size;
  // Programs or not, copies of stacks have one ring.
  const size_t copies = RingBytes(pages, cpus_.size(), false) / page_size / want;
  size_t got = want;
  int refused = 0;
  // All rings have one size: a smaller last one would lose records on one CPU only.
  while (main_.rings.size() < cpus_.size()) {
    const size_t bytes = got * page_size;
    const size_t i = main_.rings.size();
    const int error = OpenRingsOf(bytes, bytes * copies);
    if (error == 0) continue;
    if (error == ENODEV) {  // went offline since it was listed
      watch_.LeaveOut(cpus_[i]);
      notices->push_back({"CPU_OFFLINE", ENODEV, std::to_string(cpus_[i])});
      cpus_.erase(cpus_.begin() + static_cast<ptrdiff_t>(i));
      continue;
    }
    if ((error != EPERM && error != ENOMEM && error != EINVAL) || got == 1) {
      throw SystemError(
          error, "mmap",
          "ring of " + std::to_string(bytes) + " bytes on CPU " + std::to_string(cpus_[i]));
    }
    refused = error;
    got /= 2;
    main_ = RingSet();
    stacks_ = RingSet();
  }
  if (cpus_.empty()) throw NoCpu();
  OpenSharedRings();
  if (got != want) {
    notices->push_back({"RING_SHRUNK", refused,
                        std::to_string(got * page_size / 1024) + " KiB instead of " +
                            std::to_string(want * page_size / 1024) + " KiB for each CPU"});
  }
}

int EventSet::OpenRing(size_t bytes, RingSet* set) {
  const int cpu = cpus_[set->rings.size()];
  const int fd = OpenEvent(EventKind::kRingOwner, plan_, *formats_, 0, cpu, -1,
                           static_cast<uint32_t>(bytes / 4));
  if (fd == -ENODEV) return ENODEV;
  if (fd < 0) throw SystemError(-fd, "perf_event_open", "ring on CPU " + std::to_string(cpu));
  Fd owner(fd);
  Ring ring;
  const size_t page_size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const int error = ring.Map(fd, bytes / page_size, page_size);
  if (error != 0) return error;
  set->owners.push_back(std::move(owner));
  set->rings.push_back(std::move(ring));
  return 0;
}

int EventSet::OpenRingsOf(size_t bytes, size_t copies) {
  const int error = OpenRing(bytes, &main_);
  if (error != 0 || !plan_.copies_stacks()) return error;
  const int refused = OpenRing(copies, &stacks_);
  if (refused != 0) {
    main_.rings.pop_back();
    main_.owners.pop_back();
  }
  return refused;
}

int EventSet::OpenInto(EventKind kind, pid_t pid, size_t cpu_index, uint32_t root,
                       Patience* patience) {
  const RingSet& set = IsCopy(kind) ? stacks_ : main_;
  const int fd = OpenEvent(kind, plan_, *formats_, pid, cpus_[cpu_index],
                           set.owners[cpu_index].get(), 0, patience);
  failed_call_ = "perf_event_open";
  if (fd < 0) return -fd;
  Event event{Fd(fd), 0, kind, cpu_index, pid == -1};
  FilterInKernel(kind, fd);
  int error = EventId(fd, &event.id);
  if (error != 0) {
    failed_call_ = "ioctl(PERF_EVENT_IOC_ID)";
    return error;
  }
  formats_->events.Add(event.id, kind, root, LayoutOf(kind, plan_, *formats_));
  error = SetPrograms(event, pid);
  if (error != 0) return error;
  events_.push_back(std::move(event));
  return 0;
}

int EventSet::SetPrograms(const Event& event, pid_t pid) {
  if (IsFinished(event.kind)) {
    failed_call_ = "bpf";
    const bool stacked = event.kind != EventKind::kFinished;
    if (!stacked) programs_->SetSharedId(cpus_[event.cpu_index], event.id);
    return programs_->SetRing(cpus_[event.cpu_index], event.fd.get(), stacked);
  }
  if (!WaitsForProgram(event.kind, plan_)) return 0;
  failed_call_ = "ioctl(PERF_EVENT_IOC_SET_BPF)";
  const int error = programs_->SetOn(event.fd.get(), event.kind == EventKind::kMajor);
  if (error != 0 || (plan_.on_exec && pid != -1)) return error;
  if (windows_ && event.kind == EventKind::kMinor && !(in_window_ && wide_)) return 0;
  // Of those who have inherited it, too.
  failed_call_ = "ioctl(PERF_EVENT_IOC_ENABLE)";
  return ioctl(event.fd.get(), PERF_EVENT_IOC_ENABLE, 0) == 0 ? 0 : errno;
}

void EventSet::OpenPerCpu() {
  for (EventKind kind : plan_.per_cpu) {
    for (size_t cpu = 0; cpu < cpus_.size(); cpu++) {
      const int error = OpenInto(kind, -1, cpu, 0);
      if (error != 0) throw SystemError(error, failed_call_, "system call tracepoints");
    }
  }
}

int EventSet::OpenWide() {
  wide_ = true;
  if (programs_ != nullptr) programs_->SetWide();
  for (EventKind kind : plan_.per_thread) {
    for (size_t cpu = 0; cpu < cpus_.size(); cpu++) {
      const int error = OpenInto(kind, -1, cpu, 0);
      if (error != 0) return error;
    }
  }
  return 0;
}

std::vector<Ring*> EventSet::all_rings() {
  std::vector<Ring*> all;
  for (auto* rings : {&main_.rings, &stacks_.rings, &shared_rings_}) {
    for (Ring& ring : *rings) all.push_back(&ring);
  }
  return all;
}

bool EventSet::cgroup_removed() const {
  if (plan_.cgroup < 0) return false;
  // What is left of the directory has no files any more.
  return faccessat(plan_.cgroup, "cgroup.procs", F_OK, 0) != 0 &&
         (errno == ENOENT || errno == ENODEV);
}

int EventSet::OpenThread(pid_t tid, uint32_t root, Patience* patience) {
  const size_t before = events_.size();
  for (EventKind kind : plan_.per_thread) {
    for (size_t cpu = 0; cpu < cpus_.size(); cpu++) {
      const int error = OpenInto(kind, tid, cpu, root, patience);
      if (error != 0) {
        TakeBack(before);
        return error;
      }
    }
  }
  return 0;
}

void EventSet::TakeBack(size_t from) {
  // In this order: what is counted has a record then, and those who have inherited count no more.
  for (size_t i = from; i < events_.size(); i++) SwitchOff(events_[i]);
  for (size_t i = from; i < events_.size(); i++) {
    CountOne(events_[i], &retired_);
    retired_ids_[0].push_back(events_[i].id);
  }
  events_.resize(from);
}

void EventSet::AttachThread(pid_t tid, uint32_t root) {
  const int error = OpenThread(tid, root);
  if (error == EMFILE) throw TooManyDescriptors(1);
  if (error != 0) throw SystemError(error, failed_call_, "thread " + std::to_string(tid));
}

SystemError EventSet::TooManyDescriptors(size_t threads) const {
  const size_t events = plan_.per_thread.size();
  const size_t need = threads * cpus_.size() * events;
  return SystemError("EMFILE", EMFILE, "perf_event_open",
                     std::to_string(threads) + " threads x " + std::to_string(cpus_.size()) +
                         " CPUs x " + std::to_string(events) + " events need " +
                         std::to_string(need) + " descriptors and " +
                         std::to_string(DescriptorRoom::Taken()) +
                         " are in use or kept for the rest, the limit is " +
                         std::to_string(DescriptorRoom::Limit()));
}

bool EventSet::OpenTasks() {
  bool all = true;
  for (size_t cpu = 0; cpu < cpus_.size(); cpu++)
    all = OpenInto(EventKind::kTasks, -1, cpu, 0) == 0 && all;
  return all;
}

void EventSet::CloseTasks() {
  events_.erase(std::remove_if(events_.begin(), events_.end(),
                               [](const Event& event) { return event.kind == EventKind::kTasks; }),
                events_.end());
}

std::vector<Fd> EventSet::EndEntries() {
  plan_.LeaveEntriesToPrograms();
  std::vector<Fd> ended;
  for (Event& event : events_) {
    if (SpecOf(event.kind).record != RecordKind::kEntry) continue;
    SwitchOff(event);
    ended.push_back(std::move(event.fd));
  }
  events_.erase(std::remove_if(events_.begin(), events_.end(),
                               [](const Event& event) { return !event.fd.ok(); }),
                events_.end());
  return ended;
}

void EventSet::SetStackPeriod(uint32_t period) {
  plan_.stack_every = period;
  if (programs_ != nullptr) return programs_->SetStackEvery(period);
  SetPeriod(IsOfStacks, period);
}

void EventSet::SetMakerPeriod(uint32_t period) {
  plan_.maker_every = period;
  SetPeriod(IsOfMakers, period);
}

void EventSet::SetPeriod(bool (*of)(EventKind), uint64_t period) {
  for (const Event& event : events_) {
    // Fails only for a descriptor that is no event, or a period of 0.
    if (of(event.kind)) ioctl(event.fd.get(), PERF_EVENT_IOC_PERIOD, &period);
  }
}

int EventSet::Switch(const Fd& event, bool on) {
  const unsigned long to = on ? PERF_EVENT_IOC_ENABLE : PERF_EVENT_IOC_DISABLE;
  return ioctl(event.get(), to, 0) == 0 ? 0 : errno;
}

void EventSet::SwitchOff(const Event& event) {
  // Fails only for a descriptor that is no event.
  Switch(event.fd, false);
}

void EventSet::Disable() {
  enum { kEntries, kCompletions, kFinished };
  const auto turn = [](EventKind kind) {
    if (IsFinished(kind)) return kFinished;
    return SpecOf(kind).record == RecordKind::kCompletion ? kCompletions : kEntries;
  };
  if (programs_ != nullptr) programs_->End();
  for (const Fd& event : window_events_) Switch(event, false);
  for (const auto now : {kEntries, kCompletions, kFinished}) {
    for (const Event& event : events_) {
      if (turn(event.kind) == now) SwitchOff(event);
    }
  }
}

void EventSet::CountOne(const Event& event, Totals* totals) const {
  const bool completion = SpecOf(event.kind).record == RecordKind::kCompletion;
  if (!completion && !IsCopy(event.kind)) return;
  EventCount count;
  // An event in error state reads as end of file: it has counted nothing.
  if (ReadCount(event.fd.get(), plan_.format_lost, &count) != 0) return;
  if (!completion) {
    totals->lost_stacks += count.lost;
    return;
  }
  const bool minor = event.kind == EventKind::kMinor;
  (minor ? totals->minor : totals->major) += count.value;
  (minor ? totals->lost_minor : totals->lost_major) += count.lost;
}

EventSet::Totals EventSet::Count() const {
  Totals totals = retired_;
  totals.lost_known = plan_.format_lost;
  for (const Event& event : events_) CountOne(event, &totals);
  if (programs_ != nullptr) CountPrograms(&totals);
  return totals;
}

void EventSet::CountPrograms(Totals* totals) const {
  const BpfCounters seen = programs_->Count();
  // What the events themselves lose are records of address spaces and tasks.
  totals->lost_minor = seen.lost_minor;
  totals->lost_major = seen.lost_major;
  totals->lost_known = true;
  totals->minor -= std::min(totals->minor, seen.duplicate_minor);
  totals->major -= std::min(totals->major, seen.duplicate_major);
  totals->duplicates = seen.duplicate_minor + seen.duplicate_major;
  totals->kernel_entries = seen.kernel_entries;
  totals->vsyscalls = seen.vsyscalls;
  totals->lost_errors = seen.lost_errors;
  totals->not_kept = seen.not_kept;
  totals->lost_samples = seen.lost_samples;
  totals->lost_stacks = seen.lost_stacks;
}

void EventSet::Retire() {
  std::vector<pollfd> fds;
  for (const Event& event : events_) fds.push_back({event.fd.get(), 0, 0});
  // A hang-up says that the thread and all that inherited from it have ended (is_event_hup).
  if (poll(fds.data(), static_cast<nfds_t>(fds.size()), 0) <= 0) return;
  // Records of these may lie in the rings until two more passes are over. For those that were
  // retired at the last call but one they are: between two calls there is a pass at least.
  for (uint64_t id : retired_ids_[1]) formats_->events.Remove(id);
  retired_ids_[1] = std::exchange(retired_ids_[0], {});
  std::vector<Event> live;
  for (size_t i = 0; i < events_.size(); i++) {
    if ((fds[i].revents & POLLHUP) != 0) {
      CountOne(events_[i], &retired_);
      retired_ids_[0].push_back(events_[i].id);
    } else {
      live.push_back(std::move(events_[i]));
    }
  }
  events_ = std::move(live);
}

size_t EventSet::descriptors() const {
  const size_t programs = programs_ == nullptr ? 0 : programs_->descriptors();
  return events_.size() + window_events_.size() + main_.owners.size() + stacks_.owners.size() +
         programs;
}

size_t EventSet::ring_bytes() const {
  size_t bytes = 0;
  for (const auto* rings : {&main_.rings, &stacks_.rings, &shared_rings_}) {
    for (const Ring& ring : *rings) bytes += ring.data_bytes();
  }
  return bytes;
}

}  // namespace pagefault
