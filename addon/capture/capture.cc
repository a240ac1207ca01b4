#include "capture/capture.h"

#include <string>
#include <utility>

#include "proc/procfs.h"
#include "util/clock.h"
#include "util/error.h"

namespace pagefault {

Capture::Capture(const CaptureOptions& options, std::function<void()> wake)
    : options_(options), mailbox_(options.batches) {
  std::vector<Fd> held;  // until the session's own events are there (MakePlan)
  plan_ = MakePlan(options_.children, options_.has_command, &formats_, &notices_, &held);
  start_ = MonotonicNow();
  OpenRings();
  if (options_.has_command) {
    AttachCommand();
  } else {
    Attach();
  }
  poller_ = std::make_unique<Poller>(*events_, formats_, mailbox_, command_.get(), start_,
                                     options_.children, std::move(threads_), std::move(wake));
}

void Capture::Start() {
  poller_->Start();
  if (command_) command_->Release();
}

std::vector<Notice> Capture::notices() {
  std::vector<Notice> all = notices_;
  for (const Notice& notice : poller_->notices()) all.push_back(notice);
  return all;
}

void Capture::OpenRings() {
  events_ = std::make_unique<EventSet>(plan_, &formats_);
  events_->OpenRings(options_.ring_pages, &notices_);
  events_->OpenPerCpu();
}

void Capture::AttachCommand() {
  command_ = std::make_unique<Command>(options_.command);
  const uint32_t pid = static_cast<uint32_t>(command_->pid());
  events_->AttachThread(command_->pid(), pid);
  // What it does before its exec, its start among it, is not the program's.
  threads_.Add(pid, pid, pid)->stack_known = true;
}

void Capture::Attach() {
  try {
    AttachThreads();
  } catch (const SystemError& refused) {
    if (refused.code() != "EMFILE") throw;
    threads_ = ThreadTable();
    events_.reset();
    OpenRings();
    if (!AttachWide()) throw;
    notices_.push_back({"WIDE_CAPTURE", refused.error(), refused.what()});
  }
}

void Capture::AttachThreads() {
  size_t expected = 0;
  std::vector<uint32_t> tids;
  for (pid_t pid : options_.pids) {
    if (ListThreads(pid, &tids) == 0) expected += tids.size();
  }
  // A refusal here is not the end: more may be allowed than was asked for, or fewer needed.
  if (!events_->Reserve(events_->Needed(expected))) throw events_->TooManyDescriptors(expected);
  for (pid_t pid : options_.pids) events_->AttachProcess(pid, &threads_);
  if (events_->raised_from() != 0) {
    notices_.push_back(
        {"FD_LIMIT_RAISED", 0,
         std::to_string(events_->raised_from()) + " to " + std::to_string(events_->raised_to())});
  }
}

bool Capture::AttachWide() {
  if (events_->OpenWide() != 0) return false;
  // Listed after the events are open: a thread born between has its FORK record.
  std::vector<uint32_t> tids;
  for (pid_t pid : options_.pids) {
    const int error = ListThreads(pid, &tids);
    if (error != 0) throw SystemError(error, "opendir", "/proc/" + std::to_string(pid) + "/task");
    for (uint32_t tid : tids) threads_.Add(static_cast<uint32_t>(pid), tid, 0);
  }
  return true;
}

}  // namespace pagefault
