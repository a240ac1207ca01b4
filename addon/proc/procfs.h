// The little that the addon reads from /proc: threads, and whether a process is alive.
//
// Of these files stat and syscall wait for an exec of the process, and an exec for the file systems
// whose files it closes (docs/kernel-facts.md, Maps); status, statm, comm and the list of threads
// do not. What may wait says so here: it is for those who may, and not for who reads the rings.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "util/fd.h"

namespace pagefault {

// 0 where /proc is that of our own pid namespace. ENOENT: none is mounted; EXDEV: another
// namespace's, in which our numbers are other processes'.
int ProcTrouble();

// Thread ids of a process. Returns 0, or ESRCH when it has ended, or another errno: that /proc does
// not show a process (hidepid, EACCES, EMFILE, no /proc) says nothing about its life.
int ListThreads(pid_t pid, std::vector<uint32_t>* out);

struct ProcessStat {
  char state = '?';
  uint32_t parent = 0;
  uint32_t threads = 0;
  // Faults of the process, dead threads included, and of children that were waited for.
  uint64_t minor = 0, major = 0, child_minor = 0, child_major = 0;
  uint64_t start_time = 0;  // clock ticks since boot: tells a reused pid from its predecessor
};
// Returns 0, or ESRCH when it has ended, or another errno, as ListThreads does. Waits for an exec.
int ReadStat(pid_t pid, ProcessStat* out);

// Tells a process from a later one that has got its number.
class ProcessIdentity {
 public:
  explicit ProcessIdentity(pid_t pid);
  // The number is another's now. False where that cannot be found out.
  bool IsReplaced() const;

 private:
  const pid_t pid_;
  Fd pidfd_;
  uint64_t start_time_ = 0;  // where there are no pidfds (before Linux 5.3); 0: not known
};

struct ProcessParent {
  uint32_t pid, parent;
};
// Every process that is shown, with its parent at that time. What ends meanwhile may be left out.
std::vector<ProcessParent> ListProcesses();
// The parent that a process has now. False where it has been waited for, or is not shown.
bool ParentOf(pid_t pid, uint32_t* parent);

// Processes with this comm, but for ourselves.
std::vector<pid_t> ProcessesNamed(const std::string& name);

// The process has ended, whether it was waited for or not: kill(2) or a pidfd says so, or a
// status that was read. What cannot be found out counts as alive.
bool HasEnded(pid_t pid);

// The thread has ended, as far as we may know. The leader of a process counts as ended when it is a
// zombie, though its number is still taken and other threads may live on.
bool Gone(pid_t pid, pid_t tid);

// Whether a thread runs or sleeps, as /proc/PID/status has it ('R', 'S', 'D'); '?' when it has
// ended or is not shown.
char StateOf(pid_t pid, pid_t tid);
// What a thread has used of CPUs, ns; 0 where that is not told.
uint64_t CpuTimeOf(pid_t pid, pid_t tid);
// What a process has of memory, bytes; 0 where that is not told.
uint64_t ResidentBytes(pid_t pid);

// The stack pointer of a thread that sleeps (/proc/PID/task/TID/syscall, proc_pid_syscall in
// fs/proc/base.c); 0 when it runs, has ended, or we may not know. Waits for an exec.
uint64_t StackPointerOf(pid_t pid, pid_t tid);

// We see the kernel's own numbers of tasks (include/linux/proc_ns.h, PROC_PID_INIT_INO).
bool InInitialPidNamespace();

// A seccomp filter, and not a lack of rights or of the kernel, has refused perf_event_open(2) to
// this process with this errno.
bool RefusedBySeccomp(int error);

// Effective user id that /proc gives the process's files, -1 when it is gone.
int64_t OwnerOf(pid_t pid);

}  // namespace pagefault
