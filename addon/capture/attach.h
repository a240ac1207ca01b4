// Events for processes that run already: for each thread on each CPU, and for what they fork while
// we do that.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "capture/births.h"
#include "capture/event_set.h"
#include "capture/family.h"
#include "capture/forking.h"
#include "faults/threads.h"
#include "perf/formats.h"
#include "util/patience.h"

namespace pagefault {

// Ourselves and what we have started.
std::unordered_set<uint32_t> OurProcesses();

// A process again that an exec has taken its events from (credentials changed). Returns 0 or an
// errno, EINTR where it is in another exec that takes long.
int AttachAfterExec(EventSet& events, const Formats& formats, ThreadTable& threads, pid_t pid);

class Attacher {
 public:
  // Threads that get events of their own are added to `threads`.
  Attacher(EventSet& events, const Formats& formats, ThreadTable& threads);
  // `patience`: for a process in the middle of an exec, ns.
  Attacher(EventSet& events, const Formats& formats, ThreadTable& threads, uint64_t patience);

  // Every thread of a process, until no new one appears. Threads born while this runs are inherited
  // from their parent or opened themselves. Throws SystemError; PROC_MISSING and PROC_FOREIGN where
  // there is no /proc of ours to list them, HELD_EXEC for one that is in an exec which does not
  // end.
  void AttachProcess(pid_t pid);
  // The same for processes and, with `descendants`, for all that descend from them: those there
  // are, and those that are born while this runs. Returns when no thread can be making a child that
  // has a part of its events. Of descendants that end meanwhile nothing is said.
  void Attach(const std::vector<pid_t>& pids, bool descendants);
  // Adds the threads of the same processes without opening events: for a wide capture, whose events
  // are open already.
  void List(const std::vector<pid_t>& pids, bool descendants);

  // Processes whose beginning is in no record of the session.
  std::vector<uint32_t> unannounced();
  // Descendants that we may not trace: set-uid programs.
  size_t refused() const { return refused_; }
  // Descendants in an exec that does not end.
  size_t held() const { return held_; }
  // See Forking.
  size_t given_up() const { return forking_.given_up(); }

 private:
  // Descendants that carry no events of ours so far, in the order of their descent.
  std::vector<pid_t> Fresh();
  void TellProcesses();
  // Threads of a process that are new, until there are none. Returns 0 or the errno of listing
  // them; `any` when some were there.
  int OpenThreads(pid_t pid, bool* any);
  bool RingsFill() const;
  bool IsInherited(uint32_t tid);
  void AttachDescendant(pid_t pid);
  // Notes why a descendant could not be attached; false where that is the end of it all.
  bool GoesOnWithout(const SystemError& descendant);
  // Threads of processes in which one may be in the making. True when there were some.
  bool OpenNewThreads(const std::vector<pid_t>& asked_for);
  void Reserve(const std::vector<pid_t>& pids);
  [[noreturn]] void Refuse(int error, pid_t pid, uint32_t tid, size_t threads) const;

  EventSet& events_;
  ThreadTable& threads_;
  Births births_;
  // When each thread's events were complete; a child made later has inherited all of them.
  struct Complete {
    uint64_t since;
    bool opened;  // by us, while it ran: it may have been making a child
  };
  std::unordered_map<uint32_t, Complete> complete_;
  Family family_;
  Forking forking_;
  bool sees_births_ = false;  // of all processes
  bool listed_all_ = false;
  std::vector<uint32_t> listed_;
  size_t refused_ = 0;
  size_t held_ = 0;
  Patience patience_;
};

}  // namespace pagefault
