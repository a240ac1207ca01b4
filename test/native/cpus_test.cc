// Which CPUs are watched, with a machine that is played, and the clock of a time namespace.

#include "capture/cpus.h"

#include <errno.h>
#include <fcntl.h>

#include <map>

#include "check.h"
#include "util/clock.h"
#include "util/error.h"

namespace pagefault {
namespace test {
namespace {

// CPUs 0 to 7, and how long each has been on since it last came online.
class Machine {
 public:
  std::map<int, bool> online;
  CpuWatch Watch() {
    return CpuWatch([this](int cpu) { return Open(cpu); }, [this](int fd) { return OnFor(fd); });
  }
  void Leave(int cpu) {
    online[cpu] = false;
    for (auto& [fd, event] : events_) event.on = event.on && event.cpu != cpu;
  }
  void Pass() {
    for (auto& [fd, event] : events_) event.on_for += event.on ? 1000 : 0;
  }

 private:
  struct Event {
    int cpu;
    bool on;
    uint64_t on_for;
  };
  int Open(int cpu) {
    if (cpu >= 8) return -EINVAL;
    if (!online[cpu]) return -ENODEV;
    const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    events_[fd] = {cpu, true, 0};
    return fd;
  }
  uint64_t OnFor(int fd) { return events_.at(fd).on_for; }
  std::map<int, Event> events_;
};

using Cpus = std::vector<int>;

}  // namespace

TEST(cpus_are_those_where_an_event_opens) {
  Machine machine;
  for (int cpu : {0, 1, 5}) machine.online[cpu] = true;
  CpuWatch watch = machine.Watch();
  CHECK((watch.online() == Cpus{0, 1, 5}));
  machine.Pass();
  CHECK(watch.TakeReturned().empty());
  CHECK_EQ(watch.unwatched(), 0u);
}

TEST(cpus_that_are_there_are_not_left_out_without_a_word) {
  const auto on_for = [](int) { return uint64_t{1}; };
  const auto refuses_1 = [](int cpu) {
    return cpu == 1 ? -EINVAL : cpu < 4 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -EINVAL;
  };
  int refused = 0;
  try {
    CpuWatch watch(refuses_1, on_for, 3);
  } catch (const SystemError& error) {
    refused = error.error();
  }
  CHECK_EQ(refused, EINVAL);
}

TEST(cpus_that_come_back_are_told_once) {
  Machine machine;
  for (int cpu : {0, 1, 5}) machine.online[cpu] = true;
  CpuWatch watch = machine.Watch();
  machine.Pass();
  CHECK(watch.TakeReturned().empty());
  machine.Leave(5);
  machine.Pass();
  CHECK(watch.TakeReturned().empty());  // still away
  machine.online[5] = true;
  machine.Pass();
  CHECK((watch.TakeReturned() == Cpus{5}));
  machine.Pass();
  CHECK(watch.TakeReturned().empty());
  // Away and back between two looks.
  machine.Leave(1);
  machine.online[1] = true;
  machine.Pass();
  CHECK((watch.TakeReturned() == Cpus{1}));
  CHECK_EQ(watch.unwatched(), 0u);
}

TEST(cpus_that_were_never_there_are_a_number) {
  Machine machine;
  machine.online[0] = true;
  CpuWatch watch = machine.Watch();
  machine.Pass();
  machine.online[3] = machine.online[7] = true;
  CHECK(watch.TakeReturned().empty());
  CHECK_EQ(watch.unwatched(), 2u);
  machine.Leave(3);
  machine.Pass();
  CHECK(watch.TakeReturned().empty());
  CHECK_EQ(watch.unwatched(), 1u);
}

TEST(cpus_that_were_left_out_are_a_number) {
  Machine machine;
  machine.online[0] = machine.online[1] = true;
  CpuWatch watch = machine.Watch();
  // It went offline after it was listed: nothing of ours is open there when it returns.
  machine.Leave(1);
  watch.LeaveOut(1);
  machine.Pass();
  CHECK(watch.TakeReturned().empty());
  CHECK_EQ(watch.unwatched(), 0u);
  machine.online[1] = true;
  machine.Pass();
  CHECK(watch.TakeReturned().empty());
  CHECK_EQ(watch.unwatched(), 1u);
}

TEST(cpus_of_a_refusal_are_no_empty_list) {
  bool refused = false;
  try {
    CpuWatch([](int) { return -EMFILE; }, [](int) { return uint64_t{0}; });
  } catch (const SystemError& error) {
    refused = error.error() == EMFILE;
  }
  CHECK(refused);
}

TEST(cpus_of_this_machine) {
  CpuWatch watch = CpuWatch::Perf();
  CHECK_EQ(watch.online().size(), static_cast<size_t>(sysconf(_SC_NPROCESSORS_ONLN)));
  CHECK(watch.TakeReturned().empty());
  usleep(1000);  // any time at all: the events' clock must go on
  CHECK(watch.TakeReturned().empty());
  CHECK_EQ(watch.unwatched(), 0u);
}

TEST(clock_shift_of_a_time_namespace) {
  CHECK_EQ(MonotonicShift("monotonic           0         0\nboottime            0         0\n"), 0);
  CHECK_EQ(MonotonicShift("monotonic      100000       500\nboottime            7         0\n"),
           100000000000500);
  CHECK_EQ(MonotonicShift("boottime            7         0\nmonotonic         -20 999999999\n"),
           -19000000001);
  CHECK_EQ(MonotonicShift("1 3 4\n7 5 6\n"), 3000000004);
  for (const char* text : {"", "\n", "monotonic", "monotonic 1", "boottime 1 2\n", "7 5 6\n"}) {
    CHECK_EQ(MonotonicShift(text), 0);
  }
}

}  // namespace test
}  // namespace pagefault
