// A capture from attach to end, without Node: what Session and the sanitizers' tests drive.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "capture/command.h"
#include "capture/event_set.h"
#include "capture/notice.h"
#include "capture/plan.h"
#include "capture/poller.h"
#include "record/recorder.h"
#include "wire/mailbox.h"

namespace pagefault {

struct CaptureOptions {
  // Processes to attach to, every thread of each, with all their descendants if `children`; of no
  // meaning with a command.
  std::vector<pid_t> pids;
  // Instead of processes: all of the machine, those called `name` and their descendants if it is
  // not empty, or those of the cgroup with this directory.
  bool machine = false;
  std::string name;
  std::string cgroup;
  bool has_command = false;
  CommandSpec command;
  Engine engine = Engine::kBest;
  uint32_t every = 1;    // so manyth minor fault has a record, the others are counted
  bool budget = false;   // that changes: Poller::SetEvery
  bool children = true;  // are followed too
  StackOptions stacks;
  // What is captured also goes into this file, which is empty and stays the caller's; -1: nowhere.
  int record = -1;
  bool record_streamed = false;  // it is a pipe, or may be
  bool record_compressed = false;
  uint64_t record_limit = 0;              // bytes of records in each file, 0: any number
  std::vector<std::string> record_words;  // for its head: what we were started with
  size_t ring_pages = 0;                  // of each CPU; 0: within a budget for all (EventSet)
  // 32 x 16,384 faults: 0.7 s of everything that two CPUs can fault, in 36 MB.
  size_t batches = 32;
};

class Capture {
 public:
  // Opens rings and events and attaches; a command waits for Start before its exec. `wake` is
  // called on the worker thread whenever the mailbox has something to take. Throws SystemError.
  Capture(const CaptureOptions& options, std::function<void()> wake);

  // Begins to read, and lets the command go.
  void Start();
  // Ends capture. The recording takes what is told of it until it is stopped, too. Idempotent.
  void Stop();

  // When it began, raw clock: the zero of every time in the batches.
  uint64_t start() const { return start_; }
  const Plan& plan() const { return plan_; }
  // Everyone is followed whose faults the kernel counts.
  bool exact() const { return !events_->wide() || everyone(); }
  // The processes attached to whose beginning no record tells.
  const std::vector<uint32_t>& attached() const { return attached_; }
  // SIGSEGV and SIGBUS are seen where they are sent.
  bool sees_signals() const { return formats_.sees_signals(); }
  // What could not be had, up to now.
  std::vector<Notice> notices();
  EventSet& events() { return *events_; }
  Mailbox& mailbox() { return mailbox_; }
  Poller& poller() { return *poller_; }
  // nullptr where nothing is recorded.
  perfdata::Recorder* recorder() { return recorder_.get(); }
  // nullptr without one.
  Command* command() { return command_.get(); }

 private:
  void OpenCgroup();
  void OpenRecording();
  void OpenRings();
  void AttachCommand();
  // Each thread with events of its own, or, where that takes more descriptors than there may be,
  // events for everything that runs on each CPU.
  void Attach();
  void AttachThreads();
  // Closes all, and opens rings and what is of no thread again.
  void OpenAnew();
  // With events for entries, too. False where that takes more descriptors than there may be: then
  // programs see these.
  bool AttachApart();
  bool AttachWide(const std::vector<pid_t>& pids);
  // Events for all that runs, of the machine or of a cgroup.
  void AttachWhole();
  bool everyone() const {
    return !options_.cgroup.empty() || (options_.machine && options_.name.empty());
  }
  Following WhomToFollow() const;
  BpfOptions WhomProgramsFollow() const;
  // Programs are told before the events are opened. Throws SystemError.
  void ListForPrograms(const std::vector<pid_t>& pids);

  const CaptureOptions options_;
  std::vector<Notice> notices_;
  uint64_t start_;
  // In the order in which they depend on each other: the poller goes first at the end.
  Formats formats_;
  Fd cgroup_;
  Plan plan_;
  std::unique_ptr<BpfPrograms> programs_;
  std::unique_ptr<Command> command_;
  std::unique_ptr<EventSet> events_;
  std::vector<uint32_t> attached_;
  ThreadTable threads_;  // those there at the start, until the poller has them
  std::unique_ptr<perfdata::Recorder> recorder_;  // taps the mailbox
  Mailbox mailbox_;
  std::unique_ptr<Poller> poller_;
};

}  // namespace pagefault
