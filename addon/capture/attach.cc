#include "capture/attach.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "proc/procfs.h"
#include "util/clock.h"
#include "util/error.h"

namespace pagefault {

namespace {

// An exec that works takes milliseconds. Where it does not end the user waits for us: so long for
// the first.
constexpr uint64_t kExecPatience = 2'000'000'000;  // ns
// The rings wait meanwhile.
constexpr uint64_t kExecPatienceLater = 100'000'000;

std::string PathOf(pid_t pid, const char* file) {
  return "/proc/" + std::to_string(pid) + "/" + file;
}

// Adds to `family` whoever has a parent in it, until nobody more is found; never ourselves, whose
// faults would feed what we do. `each(visit)` calls visit(pid, parent) for everybody.
template <typename Each>
std::vector<pid_t> GrowFamily(std::unordered_set<uint32_t>* family, Each&& each) {
  const uint32_t self = static_cast<uint32_t>(getpid());
  std::vector<pid_t> fresh;
  for (bool news = true; news;) {
    news = false;
    each([&](uint32_t pid, uint32_t parent) {
      if (pid == self || family->count(parent) == 0 || !family->insert(pid).second) return;
      fresh.push_back(static_cast<pid_t>(pid));
      news = true;
    });
  }
  return fresh;
}

}  // namespace

std::unordered_set<uint32_t> OurProcesses() {
  std::unordered_set<uint32_t> ours = {static_cast<uint32_t>(getpid())};
  const std::vector<ProcessParent> parents = ListProcesses();
  GrowFamily(&ours, [&parents](auto&& visit) {
    for (const ProcessParent& process : parents) visit(process.pid, process.parent);
  });
  return ours;
}

int AttachAfterExec(EventSet& events, const Formats& formats, ThreadTable& threads, pid_t pid) {
  try {
    if (ProcTrouble() == 0) {
      Attacher(events, formats, threads, kExecPatienceLater).AttachProcess(pid);
    } else {
      // The exec left it one thread, which has the process's number.
      const auto number = static_cast<uint32_t>(pid);
      Patience patience(kExecPatienceLater);
      const int error = events.OpenThread(pid, number, &patience);
      if (error != 0) return error;
      threads.Add(number, number, number);
    }
    return 0;
  } catch (const SystemError& failed) {
    return failed.error();
  }
}

Attacher::Attacher(EventSet& events, const Formats& formats, ThreadTable& threads)
    : Attacher(events, formats, threads, kExecPatience) {}

Attacher::Attacher(EventSet& events, const Formats& formats, ThreadTable& threads,
                   uint64_t patience)
    : events_(events), threads_(threads), births_(events.rings(), formats), patience_(patience) {}

void Attacher::AttachProcess(pid_t pid) {
  events_.RunsAlready();
  const ProcessIdentity identity(pid);
  int error = ProcTrouble();
  if (error != 0)
    throw SystemError(error == EXDEV ? "PROC_FOREIGN" : "PROC_MISSING", error, "readlink",
                      "/proc/self");
  std::vector<uint32_t> tids;
  bool any = false;
  for (bool news = true; news;) {
    news = false;
    error = ListThreads(pid, &tids);
    if (error == ESRCH && any) break;  // exited meanwhile: what was opened tells the rest
    if (error != 0) throw SystemError(error, "open", PathOf(pid, "task"));
    tids.erase(std::remove_if(tids.begin(), tids.end(),
                              [&](uint32_t tid) { return complete_.count(tid) != 0; }),
               tids.end());
    if (tids.empty()) break;
    births_.Read();
    for (uint32_t tid : tids) {
      news = any = true;
      if (IsInherited(tid)) continue;
      error = events_.OpenThread(static_cast<pid_t>(tid), tid, &patience_);
      if (error == ESRCH) {  // exited between the listing and here
        complete_[tid] = {UINT64_MAX, true};
        continue;
      }
      if (error != 0) Refuse(error, pid, tid, complete_.size() + tids.size());
      complete_[tid] = {MonotonicNow(), true};
      threads_.Add(static_cast<uint32_t>(pid), tid, tid);
    }
  }
  if (identity.IsReplaced()) {
    throw SystemError(
        ESRCH, "perf_event_open",
        "process " + std::to_string(pid) + " ended and its number was given to another");
  }
  if (threads_.ProcessThreads(static_cast<uint32_t>(pid)) == 0) {
    throw SystemError(ESRCH, "perf_event_open", "process " + std::to_string(pid));
  }
  listed_.push_back(static_cast<uint32_t>(pid));
}

void Attacher::Refuse(int error, pid_t pid, uint32_t tid, size_t threads) const {
  if (error == EMFILE) throw events_.TooManyDescriptors(threads);
  // Fewer may still be had: the code stands for "too many", the errno says of what.
  if (error == ENFILE) throw SystemError("EMFILE", ENFILE, "perf_event_open", "fs.file-max");
  if (error == EINTR) throw SystemError("HELD_EXEC", EINTR, "perf_event_open", std::to_string(pid));
  const int64_t owner = OwnerOf(pid);
  const bool foreign = geteuid() != 0 && owner != static_cast<int64_t>(geteuid());
  if ((error == EACCES || error == EPERM) && foreign) {
    throw SystemError(
        "EACCES", error, "perf_event_open",
        "process " + std::to_string(pid) + " belongs to user " + std::to_string(owner));
  }
  throw SystemError(error, events_.failed_call(), "thread " + std::to_string(tid));
}

bool Attacher::IsInherited(uint32_t tid) {
  const Births::Birth* birth = births_.Find(tid);
  if (birth == nullptr) return false;
  const auto parent = complete_.find(birth->parent_tid);
  if (parent == complete_.end() || parent->second.since >= birth->time) return false;
  // A child gets its parent's events long before its record is made (copy_process, kernel/fork.c):
  // of one that was in the making it may be a part of them. A thread makes one at a time.
  if (parent->second.opened && births_.FirstOf(birth->parent_tid, parent->second.since) == tid)
    return false;
  // Its own children are inherited as well, from now on.
  complete_[tid] = {birth->time, false};
  return true;
}

void Attacher::Attach(const std::vector<pid_t>& pids, bool descendants) {
  Reserve(pids);
  for (pid_t pid : pids) family_.insert(static_cast<uint32_t>(pid));
  // From here on no birth is missed, whoever's child it is. Without the right to see them all,
  // those are told that inherit our events, and /proc has to know the others.
  if (descendants) events_.OpenTasks();
  for (pid_t pid : pids) AttachProcess(pid);
  if (!descendants) return;
  for (;;) {
    std::vector<pid_t> fresh = FreshByBirth();
    if (fresh.empty()) fresh = FreshByProc();
    if (fresh.empty()) break;
    Reserve(fresh);
    for (pid_t pid : fresh) AttachDescendant(pid);
  }
  events_.CloseTasks();
}

void Attacher::AttachDescendant(pid_t pid) {
  if (IsInherited(static_cast<uint32_t>(pid))) return;
  try {
    AttachProcess(pid);
  } catch (const SystemError& failed) {
    if (failed.error() == ESRCH) return;
    if (failed.error() == EINTR) {
      held_++;
      return;
    }
    if (failed.error() != EACCES && failed.error() != EPERM) throw;
    refused_++;
  }
}

std::vector<pid_t> Attacher::FreshByBirth() {
  births_.Read();
  return GrowFamily(&family_, [this](auto&& visit) {
    for (const auto& [tid, birth] : births_.all())
      if (tid == birth.pid) visit(birth.pid, birth.parent_pid);
  });
}

std::vector<pid_t> Attacher::FreshByProc() {
  const std::vector<ProcessParent> parents = ListProcesses();
  return GrowFamily(&family_, [&parents](auto&& visit) {
    for (const ProcessParent& process : parents) visit(process.pid, process.parent);
  });
}

void Attacher::Reserve(const std::vector<pid_t>& pids) {
  size_t expected = 0;
  std::vector<uint32_t> tids;
  for (pid_t pid : pids)
    if (ListThreads(pid, &tids) == 0) expected += tids.size();
  // A refusal here is not the end: more may be allowed than was asked for, or fewer needed.
  if (!events_.Reserve(events_.Needed(expected))) throw events_.TooManyDescriptors(expected);
}

void Attacher::List(const std::vector<pid_t>& pids, bool descendants) {
  std::vector<pid_t> all = pids;
  for (pid_t pid : pids) family_.insert(static_cast<uint32_t>(pid));
  if (descendants) {
    const std::vector<pid_t> others = FreshByProc();
    all.insert(all.end(), others.begin(), others.end());
  }
  std::vector<uint32_t> tids;
  for (size_t i = 0; i < all.size(); i++) {
    const int error = ListThreads(all[i], &tids);
    if (error != 0 && i < pids.size()) throw SystemError(error, "open", PathOf(all[i], "task"));
    if (error != 0) continue;
    const uint32_t pid = static_cast<uint32_t>(all[i]);
    for (uint32_t tid : tids) threads_.Add(pid, tid, 0);
    listed_.push_back(pid);
  }
}

std::vector<uint32_t> Attacher::unannounced() {
  births_.Read();
  std::vector<uint32_t> found;
  for (uint32_t pid : listed_) {
    const Births::Birth* birth = births_.Find(pid);
    if (birth == nullptr || !birth->told) found.push_back(pid);
  }
  return found;
}

}  // namespace pagefault
