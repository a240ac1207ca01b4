// The little that the addon reads from /proc: threads, and whether a process is alive.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace pagefault {

// Thread ids of a process. Returns 0, or ESRCH when it is gone, or another errno.
int ListThreads(pid_t pid, std::vector<uint32_t>* out);

struct ProcessStat {
  char state = '?';
  uint32_t flags = 0;
  uint64_t start_time = 0;  // clock ticks since boot: tells a reused pid from its predecessor
};
// Returns 0 or an errno.
int ReadStat(pid_t pid, ProcessStat* out);

// Alive and on its way to stay so: not a zombie, not exiting.
bool Lives(pid_t pid);

// The thread has ended, as far as we may know. The leader of a process counts as ended when it is a
// zombie, though its number is still taken.
bool Gone(pid_t pid, pid_t tid);

// The stack pointer of a thread that sleeps (/proc/PID/task/TID/syscall, proc_pid_syscall in
// fs/proc/base.c); 0 when it runs, has ended, or we may not know.
uint64_t StackPointerOf(pid_t pid, pid_t tid);

// We see the kernel's own numbers of tasks (include/linux/proc_ns.h, PROC_PID_INIT_INO).
bool InInitialPidNamespace();

// Effective user id that /proc gives the process's files, -1 when it is gone.
int64_t OwnerOf(pid_t pid);

}  // namespace pagefault
