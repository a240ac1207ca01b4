// A program to be traced: forked, held before its exec until capture is on, then let go.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proc/procfs.h"
#include "util/fd.h"

namespace pagefault {

// What the program is to find as it would have been without us; Node has changed it.
struct Inheritance {
  bool limited = false;  // nofile is known
  rlimit nofile = {};
  uint64_t ignored = 0;  // bit N-1: signal N
  uint64_t blocked = 0;
  std::vector<std::pair<int, int>> descriptors;  // first and last of each range, to be passed on
  std::vector<int> closed;                       // of 0 to 2
  // The entries of its environment, each with the zero byte that ends it; without a value, ours.
  std::optional<std::string> environment;
};

struct CommandSpec {
  std::string file;
  std::vector<std::string> argv;
  bool fixed_layout = false;
  // Under the dashboard: stdin is /dev/null, stdout and stderr go into a pipe, and the command
  // leads a session of its own, so that nothing it does reaches the terminal.
  bool capture_output = false;
  // Its stdout is our stderr: ours is a recording.
  bool stdout_to_stderr = false;
  Inheritance inherit;
  // The program that ends the command when we die; empty for none.
  std::string watcher;
};

class Command {
 public:
  // Forks. The child waits; throws SystemError when it cannot be made.
  explicit Command(const CommandSpec& spec);
  // A child that was not released, or of which that is not known, ends here; one that runs is ended
  // by its watcher.
  ~Command();

  pid_t pid() const { return pid_; }
  // The reading end of the command's output, non-blocking; -1 unless it is captured. The caller
  // owns it.
  int TakeOutput() { return output_.Release(); }
  // Lets the child exec and waits for the outcome. Throws SystemError with what exec answered.
  // False where that takes too long: Reap() finds it out.
  bool Release();
  // Readable when the command has ended; -1 where the kernel has no pidfds (before 5.3).
  int pidfd() const { return pidfd_.get(); }
  // What /proc said of it before its exec, and when it had ended; false where it could not be read.
  bool FaultsBefore(ProcessStat* out) const;
  bool FaultsAtEnd(ProcessStat* out);
  // Collects the exit status without waiting. True once it is known. From any thread.
  bool Reap();
  // What exec answered later than Release() waited, once it is known: an errno, 0 until then and
  // where it succeeded.
  int exec_error() const { return exec_error_; }
  // Wait status, -1 while it runs.
  int status() const { return status_.load(); }
  // CPU time of it and of the children that it has waited for, ns, which is among that of our own
  // children from then on that have ended; 0 before.
  uint64_t cpu_ns() const { return cpu_ns_.load(); }
  // To the command, or to all of its session's first process group where its output is captured.
  // 0 or an errno; ESRCH after it has been reaped.
  int Kill(int signal);

 private:
  // Of a child that waits for its release.
  void EndUnreleased();
  // It has ended, whoever collected it.
  bool IsGone() const;
  void LookForOutcome();

  pid_t pid_ = -1;
  Fd go_;      // writing a byte releases the child, closing it makes the child leave
  Fd result_;  // a 0 when it waits, then exec's errno, or end of file when it succeeded
  Fd pidfd_;
  Fd output_;
  Fd watched_;  // closing it, as our death does, makes the watcher end the command
  bool leads_group_ = false;
  // Two threads that wait at once: the second finds no child and would take the status for lost.
  std::mutex reaping_;
  std::atomic<int> status_{-1};
  std::atomic<uint64_t> cpu_ns_{0};
  bool released_ = false;
  std::atomic<bool> awaited_{false};  // the outcome is: Reap() reads result_
  std::atomic<int> exec_error_{0};
  bool before_known_ = false, end_known_ = false;
  ProcessStat before_, end_;
};

}  // namespace pagefault
