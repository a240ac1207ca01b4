#include "capture/capture.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "capture/attach.h"
#include "capture/ring_size.h"
#include "proc/cgroup_procs.h"
#include "proc/procfs.h"
#include "util/clock.h"
#include "util/error.h"

namespace pagefault {

Capture::Capture(const CaptureOptions& options, std::function<void()> wake)
    : options_(options), mailbox_(options.batches) {
  std::vector<Fd> held;  // until the session's own events are there (MakePlan)
  const bool whole = options_.machine || !options_.cgroup.empty();
  if (!options_.cgroup.empty()) OpenCgroup();
  plan_ = MakePlan({options_.engine, options_.children, options_.has_command, options_.every,
                    options_.budget, whole, options_.stacks, WhomProgramsFollow()},
                   &formats_, &notices_, &held, &programs_);
  plan_.cgroup = cgroup_.get();
  start_ = MonotonicNow();
  if (options_.record >= 0) OpenRecording();
  OpenRings();
  if (options_.has_command) {
    AttachCommand();
  } else if (whole) {
    AttachWhole();
  } else {
    Attach();
  }
  if (programs_ != nullptr) programs_->EndListing();
  if (programs_ != nullptr && !plan_.apart) programs_->Begin();
  poller_ = std::make_unique<Poller>(*events_, formats_, mailbox_, command_.get(), start_,
                                     WhomToFollow(), std::move(threads_), std::move(wake));
}

void Capture::OpenCgroup() {
  cgroup_.Reset(open(options_.cgroup.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!cgroup_.ok()) throw SystemError(errno, "open", options_.cgroup);
}

void Capture::OpenRecording() {
  Fd file(fcntl(options_.record, F_DUPFD_CLOEXEC, 0));
  if (!file.ok()) throw SystemError(errno, "fcntl", "the recording");
  perfdata::HeadParts head;
  head.mode.entries = plan_.tracepoints;
  head.mode.unmaps = plan_.syscall_tracepoints;
  head.mode.signals = sees_signals();
  head.mode.user_only = plan_.user_only;
  head.command = options_.record_words;
  head.compressed = options_.record_compressed;
  recorder_ = std::make_unique<perfdata::Recorder>(std::move(file), options_.record_streamed,
                                                   start_, head, options_.record_limit);
  mailbox_.set_tap(recorder_.get());
}

BpfOptions Capture::WhomProgramsFollow() const {
  BpfOptions options;
  // Who will have a name is not known: all are taken, and told apart by the records.
  options.settings.scope = options_.machine ? kBpfEveryone : kBpfListed;
  if (cgroup_.ok()) options.settings.scope = kBpfCgroup;
  options.settings.children = options_.children;
  options.settings.on_exec = options_.has_command;
  options.settings.sampled = options_.every > 1 || options_.budget;
  options.settings.budget = options_.budget;
  const StackOptions& stacks = options_.stacks;
  options.settings.stacks = !stacks.wanted ? kBpfNoStacks : stacks.copied ? kBpfCopies : kBpfChains;
  options.settings.self = static_cast<uint32_t>(getpid());
  options.cgroup = cgroup_.get();
  const size_t cpus = static_cast<size_t>(std::max(sysconf(_SC_NPROCESSORS_ONLN), 1L));
  options.ring_bytes = RingBytes(options_.ring_pages, cpus, true);
  // Room for as many records, which are larger.
  if (options.settings.sampled) options.ring_bytes *= kBpfSampleSlots;
  return options;
}

void Capture::ListForPrograms(const std::vector<pid_t>& pids) {
  if (programs_ == nullptr) return;
  const int error = programs_->List(pids);
  if (error != 0) throw SystemError(error, "bpf", "listing threads");
}

Following Capture::WhomToFollow() const {
  Following following;
  following.children = options_.children;
  following.wide = events_->wide();
  following.everyone = everyone();
  if (following.everyone) following.left_out = OurProcesses();
  following.name = options_.name;
  return following;
}

void Capture::Stop() {
  poller_->Stop();
  if (recorder_) recorder_->NoteEnd();
}

void Capture::Start() {
  if (recorder_) recorder_->Start();
  poller_->Start();
  if (command_ && !command_->Release()) notices_.push_back({"COMMAND_HELD", EINTR, ""});
}

std::vector<Notice> Capture::notices() {
  std::vector<Notice> all = notices_;
  for (const Notice& notice : poller_->notices()) all.push_back(notice);
  return all;
}

void Capture::OpenRings() {
  events_ = std::make_unique<EventSet>(plan_, &formats_, programs_.get());
  events_->OpenRings(options_.ring_pages, &notices_);
  events_->OpenPerCpu();
}

void Capture::AttachCommand() {
  command_ = std::make_unique<Command>(options_.command);
  const uint32_t pid = static_cast<uint32_t>(command_->pid());
  ListForPrograms({command_->pid()});
  events_->AttachThread(command_->pid(), pid);
  // What it does before its exec, its start among it, is not the program's.
  threads_.Add(pid, pid, pid)->stack_known = true;
}

void Capture::OpenAnew() {
  threads_ = ThreadTable();
  events_.reset();
  OpenRings();
}

void Capture::Attach() {
  ListForPrograms(options_.pids);
  if (plan_.apart && AttachApart()) return;
  try {
    AttachThreads();
  } catch (const SystemError& refused) {
    if (refused.code() != "EMFILE") throw;
    OpenAnew();
    if (!AttachWide(options_.pids)) throw;
    notices_.push_back({"WIDE_CAPTURE", refused.error(), refused.what()});
  }
}

bool Capture::AttachApart() {
  try {
    AttachThreads();
    return true;
  } catch (const SystemError& refused) {
    if (refused.code() != "EMFILE") throw;
  }
  plan_.LeaveEntriesToPrograms();
  const int error = programs_->SetEntries(true);
  if (error != 0) throw SystemError(error, "bpf", "entries");
  OpenAnew();
  return false;
}

void Capture::AttachThreads() {
  Attacher attacher(*events_, formats_, threads_);
  attacher.Attach(options_.pids, options_.children);
  attached_ = attacher.unannounced();
  if (attacher.refused() > 0) {
    notices_.push_back({"DESCENDANTS_REFUSED", EACCES, std::to_string(attacher.refused())});
  }
  if (attacher.held() > 0)
    notices_.push_back({"DESCENDANTS_HELD", EINTR, std::to_string(attacher.held())});
  if (attacher.given_up() > 0)
    notices_.push_back({"FORKS_UNSEEN", 0, std::to_string(attacher.given_up())});
  const DescriptorRoom& room = events_->room();
  if (room.raised_from() != 0) {
    notices_.push_back(
        {"FD_LIMIT_RAISED", 0,
         std::to_string(room.raised_from()) + " to " + std::to_string(room.raised_to())});
  }
}

bool Capture::AttachWide(const std::vector<pid_t>& pids) {
  if (events_->OpenWide() != 0) return false;
  // Listed after the events are open: a thread born between has its FORK record.
  Attacher attacher(*events_, formats_, threads_);
  attacher.List(pids, options_.children);
  attached_ = attacher.unannounced();
  return true;
}

void Capture::AttachWhole() {
  // What they fault between windows no program tells.
  if (options_.budget)
    ListForPrograms(cgroup_.ok() ? ProcessesInCgroup(cgroup_.get()) : std::vector<pid_t>());
  const int error = events_->OpenWide();
  if (error == EMFILE) throw events_->TooManyDescriptors(1);
  const bool denied = error == EACCES || error == EPERM;
  if (error != 0)
    throw SystemError(denied ? "WHOLE_RIGHTS" : ErrnoName(error), error, "perf_event_open",
                      options_.cgroup);
  if (options_.name.empty()) return;
  // Listed after the events are open: who gets the name from now on has a record of it.
  Attacher attacher(*events_, formats_, threads_);
  attacher.List(ProcessesNamed(options_.name), true);
  attached_ = attacher.unannounced();
}

}  // namespace pagefault
