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

bool AskParent(uint32_t pid, uint32_t* parent) {
  return ParentOf(static_cast<pid_t>(pid), parent);
}

std::string PathOf(pid_t pid, const char* file) {
  return "/proc/" + std::to_string(pid) + "/" + file;
}

// Who has ended before he was asked may have left a child that ends as soon.
constexpr int kMostLooks = 20;
// Of a ring nobody reads yet: what it may hold while we wait for somebody.
constexpr double kFilling = 0.125;
// Between two looks at threads that may be making a child.
constexpr useconds_t kForkingPause = 500;

}  // namespace

std::unordered_set<uint32_t> OurProcesses() {
  const auto self = static_cast<uint32_t>(getpid());
  // What we have started ends with us, and not before.
  Family family(0, AskParent);
  family.Add(self);
  for (const ProcessParent& process : ListProcesses()) family.Tell(process.pid, process.parent);
  std::unordered_set<uint32_t> ours = {self};
  for (pid_t pid : family.Fresh()) ours.insert(static_cast<uint32_t>(pid));
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
    : events_(events),
      threads_(threads),
      births_(events.rings(), formats),
      family_(static_cast<uint32_t>(getpid()), AskParent),
      patience_(patience) {}

void Attacher::AttachProcess(pid_t pid) {
  events_.RunsAlready();
  const ProcessIdentity identity(pid);
  int error = ProcTrouble();
  if (error != 0)
    throw SystemError(error == EXDEV ? "PROC_FOREIGN" : "PROC_MISSING", error, "readlink",
                      "/proc/self");
  bool any = false;
  error = OpenThreads(pid, &any);
  // Exited meanwhile: what was opened tells the rest.
  if (error != 0 && !(error == ESRCH && any)) throw SystemError(error, "open", PathOf(pid, "task"));
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

int Attacher::OpenThreads(pid_t pid, bool* any) {
  std::vector<uint32_t> tids;
  for (;;) {
    int error = ListThreads(pid, &tids);
    if (error != 0) return error;
    tids.erase(std::remove_if(tids.begin(), tids.end(),
                              [&](uint32_t tid) { return complete_.count(tid) != 0; }),
               tids.end());
    if (tids.empty()) return 0;
    *any = true;
    births_.Read();
    for (uint32_t tid : tids) {
      if (IsInherited(tid)) continue;
      error = events_.OpenThread(static_cast<pid_t>(tid), tid, &patience_);
      if (error == ESRCH) {  // exited between the listing and here
        complete_[tid] = {UINT64_MAX, true};
        continue;
      }
      if (error != 0) Refuse(error, pid, tid, complete_.size() + tids.size());
      complete_[tid] = {MonotonicNow(), true};
      threads_.Add(static_cast<uint32_t>(pid), tid, tid);
      forking_.Add(static_cast<uint32_t>(pid), tid);
    }
  }
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

bool Attacher::RingsFill() const {
  const auto fills = [](Ring& ring) {
    ring.LoadHead();
    return ring.used() > kFilling;
  };
  return std::any_of(events_.rings().begin(), events_.rings().end(), fills);
}

bool Attacher::IsInherited(uint32_t tid) {
  const Births::Birth* birth = births_.Find(tid);
  if (birth == nullptr) return false;
  const auto parent = complete_.find(birth->parent_tid);
  if (parent == complete_.end() || parent->second.since >= birth->time) return false;
  // One that was in the making has a part of them. A thread makes one at a time.
  if (parent->second.opened && !forking_.IsWhole(birth->parent_tid, birth->time) &&
      births_.FirstOf(birth->parent_tid, parent->second.since) == tid)
    return false;
  // Its own children are inherited as well, from now on.
  complete_[tid] = {birth->time, false};
  return true;
}

void Attacher::Attach(const std::vector<pid_t>& pids, bool descendants) {
  Reserve(pids);
  for (pid_t pid : pids) family_.Add(static_cast<uint32_t>(pid));
  // From here on no birth is missed, whoever's child it is. Without the right to see them all,
  // those are told that inherit our events, and /proc has to know the others.
  if (descendants) sees_births_ = events_.OpenTasks();
  for (pid_t pid : pids) AttachProcess(pid);
  for (;;) {
    // What they have made is told from here on.
    const bool settled = forking_.Settled(births_, RingsFill());
    const bool any = OpenNewThreads(pids);
    const std::vector<pid_t> fresh = descendants ? Fresh() : std::vector<pid_t>();
    if (!fresh.empty()) Reserve(fresh);
    for (pid_t pid : fresh) AttachDescendant(pid);
    if (any || !fresh.empty()) continue;
    if (settled) break;
    usleep(kForkingPause);
    births_.Read();
  }
  if (descendants) events_.CloseTasks();
}

void Attacher::AttachDescendant(pid_t pid) {
  if (IsInherited(static_cast<uint32_t>(pid))) return;
  try {
    AttachProcess(pid);
  } catch (const SystemError& failed) {
    if (!GoesOnWithout(failed)) throw;
  }
}

bool Attacher::GoesOnWithout(const SystemError& descendant) {
  if (descendant.error() == ESRCH) return true;
  if (descendant.error() == EINTR) {
    held_++;
    return true;
  }
  if (descendant.error() != EACCES && descendant.error() != EPERM) return false;
  refused_++;
  return true;
}

bool Attacher::OpenNewThreads(const std::vector<pid_t>& asked_for) {
  bool any = false;
  for (const uint32_t process : forking_.processes()) {
    const auto pid = static_cast<pid_t>(process);
    try {
      OpenThreads(pid, &any);  // one that has ended has no more
    } catch (const SystemError& failed) {
      const bool asked = std::find(asked_for.begin(), asked_for.end(), pid) != asked_for.end();
      if (asked || !GoesOnWithout(failed)) throw;
    }
  }
  return any;
}

std::vector<pid_t> Attacher::Fresh() {
  std::vector<pid_t> fresh;
  for (int looks = 0; looks < kMostLooks; looks++) {
    births_.Read();
    for (const auto& [tid, birth] : births_.all())
      if (tid == birth.pid) family_.Tell(birth.pid, birth.parent_pid);
    // Who is born later has a record.
    if (!sees_births_ || !listed_all_) TellProcesses();
    fresh = family_.Fresh();
    if (!fresh.empty() || !family_.missed()) break;
  }
  return fresh;
}

void Attacher::TellProcesses() {
  listed_all_ = true;
  for (const ProcessParent& process : ListProcesses()) family_.Tell(process.pid, process.parent);
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
  for (pid_t pid : pids) family_.Add(static_cast<uint32_t>(pid));
  if (descendants) {
    const std::vector<pid_t> others = Fresh();
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
