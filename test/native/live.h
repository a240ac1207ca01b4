// A real process that touches pages when it is told to, and a capture of it. Needs root.
#pragma once

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

#include "capture/capture.h"
#include "check.h"
#include "reader.h"

namespace pagefault {
namespace test {

constexpr size_t kPage = 4096;

// A child that waits for a byte, drops and writes to `pages` pages of memory, `rounds` times, says
// so, and waits for the next byte; "q" ends it.
class Toucher {
 public:
  explicit Toucher(size_t pages, int rounds = 1) : pages_(pages) {
    bytes_ = static_cast<char*>(mmap(nullptr, pages * kPage, PROT_READ | PROT_WRITE,
                                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    // A huge page would take 512 faults at once.
    madvise(bytes_, pages * kPage, MADV_NOHUGEPAGE);
    if (pipe(go_) != 0 || pipe(done_) != 0) abort();
    pid_ = fork();
    if (pid_ != 0) return;
    char byte;
    while (read(go_[0], &byte, 1) == 1 && byte != 'q') {
      for (int round = 0; round < rounds; round++) {
        madvise(bytes_, pages * kPage, MADV_DONTNEED);
        for (size_t i = 0; i < pages; i++) static_cast<volatile char*>(bytes_)[i * kPage] = 1;
      }
      if (write(done_[1], "d", 1) != 1) break;
    }
    _exit(0);
  }
  ~Toucher() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    munmap(bytes_, pages_ * kPage);
    for (int fd : {go_[0], go_[1], done_[0], done_[1]}) close(fd);
  }
  // It runs on one CPU from now on.
  void Stay() {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    CHECK_EQ(sched_setaffinity(pid_, sizeof one, &one), 0);
  }
  void Begin() { CHECK_EQ(write(go_[1], "t", 1), 1); }
  void Touch() {
    char byte;
    Begin();
    CHECK_EQ(read(done_[0], &byte, 1), 1);
  }
  void End() {
    CHECK_EQ(write(go_[1], "q", 1), 1);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  pid_t pid() const { return pid_; }
  bool Covers(uint64_t address) const {
    const uint64_t start = reinterpret_cast<uint64_t>(bytes_);
    return address >= start && address < start + pages_ * kPage;
  }

 private:
  size_t pages_;
  char* bytes_;
  pid_t pid_;
  int go_[2], done_[2];
};

inline CaptureOptions OptionsFor(pid_t pid, size_t ring_pages, Engine engine) {
  CaptureOptions options;
  options.engine = engine;
  options.pids = {pid};
  options.ring_pages = ring_pages;
  options.batches = 8;
  return options;
}

// A capture of one process whose batches are kept: of all that comes through perf rings, unless
// another engine is asked for.
struct Watched : Capture {
  explicit Watched(pid_t pid, size_t ring_pages = 0, Engine engine = Engine::kTracepoint)
      : Capture(OptionsFor(pid, ring_pages, engine), [this] { wakes++; }) {}
  ~Watched() { poller().Stop(); }  // nothing wakes what is being destroyed
  void Collect() {
    const SeenBatch batch = reader.All(mailbox());
    faults.insert(faults.end(), batch.faults.begin(), batch.faults.end());
    records.insert(records.end(), batch.records.begin(), batch.records.end());
  }
  // Until `condition` holds, at most 10 s.
  template <typename F>
  bool Until(F&& condition) {
    for (int i = 0; i < 10000; i++) {
      Collect();
      if (condition()) return true;
      usleep(1000);
    }
    return false;
  }
  size_t In(const Toucher& toucher) const {
    size_t n = 0;
    for (const SeenFault& fault : faults) n += toucher.Covers(fault.address);
    return n;
  }

  std::atomic<int> wakes{0};
  BatchReader reader;
  std::vector<SeenFault> faults;
  std::vector<SeenRecord> records;
};

}  // namespace test
}  // namespace pagefault
