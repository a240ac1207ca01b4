// Minor faults in windows alone (EventSet).

#include <errno.h>

#include "capture/event_set.h"

namespace pagefault {

int EventSet::SwitchMinor(bool on) {
  for (const Event& event : events_) {
    const int error = event.kind == EventKind::kMinor ? Switch(event.fd, on) : 0;
    if (error != 0) return error;
  }
  return 0;
}

int EventSet::OpenWindowEvents() {
  window_events_.clear();
  for (const int cpu : cpus_) {
    const int fd = OpenEvent(EventKind::kMinor, plan_, *formats_, -1, cpu, -1, 0);
    if (fd == -ENODEV) continue;  // offline
    if (fd < 0) return -fd;
    window_events_.emplace_back(fd);
    const int error = programs_->SetOn(fd, false);
    if (error != 0) return error;
    if (in_window_) Switch(window_events_.back(), true);
  }
  return 0;
}

int EventSet::SetWindows(bool windows) {
  windows_ = windows;
  if (windows) {
    programs_->SetWindows(true);
    int error = SwitchMinor(false);
    if (error == 0) error = programs_->SetEntries(false);
    return error != 0 || wide_ ? error : OpenWindowEvents();
  }
  window_events_.clear();
  int error = programs_->SetEntries(true);
  if (error == 0) error = SwitchMinor(true);
  programs_->SetWindows(false);
  return error;
}

int EventSet::SwitchWindow(bool on) {
  in_window_ = on;
  int error = on ? programs_->SetEntries(true) : 0;
  for (const Fd& event : window_events_) {
    if (error == 0) error = Switch(event, on);
  }
  if (error == 0 && wide_) error = SwitchMinor(on);
  if (!on) programs_->SetEntries(false);
  return error;
}

}  // namespace pagefault
