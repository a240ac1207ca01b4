// What may not answer for ever is read by a thread that nobody waits for.
#include "capture/held_reader.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>

#include "capture/process_stats.h"
#include "check.h"
#include "faults/threads.h"
#include "proc/procfs_text.h"
#include "util/clock.h"

namespace pagefault {
namespace test {

namespace {

using StackReader = HeldReader<ThreadStack>;

constexpr uint64_t kPatience = 1'000'000'000;
constexpr uint64_t kLong = 60'000'000'000;
constexpr uint32_t kHeld = 8;  // the process whose file does not answer

// Stands for /proc: the file of one process is a FIFO that has no writer.
class Files {
 public:
  Files() {
    char name[] = "/tmp/pagefault-stacks-XXXXXX";
    directory_ = mkdtemp(name);
    fifo_ = directory_ + "/syscall";
    CHECK_EQ(mkfifo(fifo_.c_str(), 0600), 0);
  }
  ~Files() {
    unlink(fifo_.c_str());
    rmdir(directory_.c_str());
  }
  StackReader::Read read() {
    return [this](ThreadStack* stack) {
      stack->pointer = uint64_t{stack->tid} << 12;
      if (stack->pid != kHeld) return;
      waiting_++;
      Fd fd(open(fifo_.c_str(), O_RDONLY | O_CLOEXEC));
      waiting_--;
    };
  }
  void AwaitWaiting(int readers) {
    while (waiting_ != readers) usleep(100);
  }
  // Whoever waits gets an answer.
  void Answer() {
    while (waiting_ > 0) Fd(open(fifo_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  }

 private:
  std::string directory_, fifo_;
  std::atomic<int> waiting_{0};
};

std::vector<ThreadStack> Await(StackReader* reader) {
  pollfd told = {reader->descriptor(), POLLIN, 0};
  CHECK_EQ(poll(&told, 1, -1), 1);
  return reader->Take(MonotonicNow());
}

}  // namespace

TEST(held_reader_answers_all) {
  Files files;
  StackReader reader(files.read(), kPatience);
  CHECK(!reader.busy());
  reader.Ask({{7, 71, 0}, {9, 91, 0}});
  CHECK(reader.busy());
  const std::vector<ThreadStack> found = Await(&reader);
  CHECK_EQ(found.size(), 2u);
  CHECK_EQ(found.at(1).tid, 91u);
  CHECK_EQ(found.at(1).pointer, uint64_t{91} << 12);
  CHECK(!reader.busy());
  pollfd told = {reader.descriptor(), POLLIN, 0};
  CHECK_EQ(poll(&told, 1, 0), 0);
}

TEST(held_reader_leaves_what_does_not_answer) {
  Files files;
  StackReader reader(files.read(), kPatience);
  reader.Ask({{7, 71, 0}, {kHeld, 81, 0}, {kHeld, 82, 0}, {9, 91, 0}});
  files.AwaitWaiting(1);
  const uint64_t now = MonotonicNow();
  CHECK(reader.Take(now).empty());
  CHECK(reader.busy());
  // What came before it is had, what comes behind it is asked for.
  std::vector<ThreadStack> found = reader.Take(now + kLong);
  CHECK_EQ(found.size(), 1u);
  CHECK_EQ(found.at(0).tid, 71u);
  CHECK_EQ(reader.left(), 1u);
  found = Await(&reader);
  CHECK_EQ(found.size(), 1u);
  CHECK_EQ(found.at(0).tid, 91u);
  // Not asked again, until it has answered: nobody hears of that answer.
  reader.Ask({{kHeld, 81, 0}});
  CHECK(!reader.busy());
  files.Answer();
  while (reader.left() > 0) usleep(100);
  CHECK(reader.Take(now + kLong).empty());
  reader.Ask({{kHeld, 81, 0}});
  CHECK(reader.busy());
  files.AwaitWaiting(1);
  files.Answer();
  CHECK_EQ(Await(&reader).size(), 1u);
}

TEST(held_reader_ends_while_it_is_held_up) {
  Files files;
  {
    StackReader reader(files.read(), kPatience);
    reader.Ask({{kHeld, 81, 0}});
    files.AwaitWaiting(1);
  }
  files.AwaitWaiting(1);
  files.Answer();
}

TEST(process_stats_in_the_order_asked) {
  const auto self = static_cast<uint32_t>(getpid());
  const auto stats = StatsOf({0, self, 1u << 30, 1});
  CHECK_EQ(stats.size(), 4u);
  CHECK(!stats.at(0).has_value() && !stats.at(2).has_value());
  CHECK(stats.at(1).has_value() && stats.at(3).has_value());
  ProcessStat own;
  CHECK_EQ(ReadStat(getpid(), &own), 0);
  CHECK_EQ(stats.at(1)->start_time, own.start_time);
  CHECK(stats.at(1)->minor > 0 && stats.at(1)->minor <= own.minor);
  CHECK(StatsOf({}).empty());
}

TEST(proc_status_text) {
  TaskStatus status;
  const char text[] =
      "Name:\tx\\nState:\tZ\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t5\nPid:\t5\nPPid:\t4\n"
      "VmSize:\t  12 kB\nThreads:\t3\n";
  CHECK(ParseStatusText(text, &status));
  CHECK_EQ(status.state, 'S');
  CHECK_EQ(status.parent, 4u);
  CHECK_EQ(status.threads, 3u);
  CHECK(status.memory);
  CHECK(ParseStatusText("Name:\tx\nState:\tX (dead)\nPPid:\t0\nThreads:\t1\n", &status));
  CHECK_EQ(status.state, 'X');
  CHECK(!status.memory);
  CHECK(ParseStatusText("\nState:\tI (idle)\nPPid:\t2\nThreads:\t1\nKthread:\t1\n", &status));
  CHECK(status.memory);
  CHECK(!ParseStatusText("", &status));
  CHECK(!ParseStatusText("\nPPid:\t2\nState:\t", &status));
}

}  // namespace test
}  // namespace pagefault
