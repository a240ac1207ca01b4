// The real kernel, without Node: a child that touches a known number of pages. Needs root.

#include "live.h"

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#include "util/clock.h"

namespace pagefault {
namespace test {

TEST(live_every_fault_of_a_child) {
  constexpr size_t kPages = 20000;
  Toucher toucher(kPages);
  Watched capture(toucher.pid());
  capture.Start();
  toucher.Touch();
  CHECK(capture.Until([&] { return capture.In(toucher) >= kPages; }));
  toucher.End();
  CHECK(capture.Until([&] { return capture.poller().ended(); }));
  capture.poller().Stop();
  capture.Collect();
  CHECK_EQ(capture.In(toucher), kPages);
  CHECK(capture.wakes > 0);
  double last = 0;
  for (const SeenFault& fault : capture.faults) {
    CHECK(fault.time >= last);
    last = fault.time;
    if (!toucher.Covers(fault.address)) continue;
    CHECK_EQ(fault.flags, kFlagMin | kFlagErrorCode | kFlagEntry);
    CHECK_EQ(fault.error_code, 6);  // a user's write to an absent page
    CHECK(fault.latency > 0 && fault.latency < 1e10);
    CHECK_EQ(fault.pid, static_cast<uint32_t>(toucher.pid() == 0 ? fault.pid : toucher.pid()));
  }
  const PollerCounters counters = capture.poller().counters();
  const EventSet::Totals totals = capture.poller().Count();
  CHECK_EQ(counters.pair.minor, totals.minor);
  CHECK_EQ(counters.pair.major, totals.major);
  CHECK_EQ(counters.pair.minor + counters.pair.major, capture.faults.size());
  CHECK_EQ(counters.pair.lost_records, 0u);
  CHECK_EQ(counters.pair.unresolved, 0u);
  CHECK_EQ(counters.pair.unpaired_completions, 0u);
  CHECK_EQ(counters.pair.malformed + counters.ring_malformed, 0u);
  CHECK_EQ(counters.late, 0u);
  CHECK_EQ(capture.poller().threads_now(), 0u);
}

TEST(live_events_of_a_cpu_are_opened_again) {
  // As for a CPU that was offline: what is opened for all of its threads is opened anew, all else
  // and the counts go on.
  Toucher toucher(64);
  Watched capture(toucher.pid());
  const size_t descriptors = capture.events().descriptors();
  for (size_t cpu = 0; cpu < capture.events().cpus(); cpu++) capture.events().Reopen(cpu);
  CHECK_EQ(capture.events().descriptors(), descriptors);
  CHECK_EQ(capture.events().ReopenReturned(), 0u);
  toucher.Touch();
  capture.Start();
  CHECK(capture.Until([&] { return capture.In(toucher) == 64; }));
  toucher.End();
  CHECK(capture.Until([&] { return capture.poller().ended(); }));
  capture.poller().Stop();
  const EventSet::Totals totals = capture.poller().Count();
  CHECK_EQ(capture.poller().counters().pair.minor, totals.minor);
  CHECK_EQ(capture.poller().unwatched_cpus(), 0u);
}

TEST(live_events_that_cannot_be_opened_again_are_tried_anew) {
  Toucher toucher(64);
  Watched capture(toucher.pid());
  const size_t descriptors = capture.events().descriptors();
  rlimit limit;
  CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit none = {0, limit.rlim_max};
  CHECK_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  capture.events().Reopen(0);
  CHECK(capture.events().descriptors() < descriptors);
  CHECK_EQ(capture.events().ReopenReturned(), 0u);
  CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  CHECK(capture.events().ReopenReturned() > 0);
  CHECK_EQ(capture.events().descriptors(), descriptors);
  toucher.End();
}

// All that the target has done is seen or lost, and much of it is lost.
void EndsWithLosses(Watched* capture, Toucher* toucher, size_t pages) {
  toucher->End();
  CHECK(capture->Until([&] { return capture->poller().ended(); }));
  capture->poller().Stop();
  capture->Collect();
  const PollerCounters counters = capture->poller().counters();
  const EventSet::Totals totals = capture->poller().Count();
  CHECK(totals.lost_known);
  CHECK(totals.lost_minor > pages / 2);
  CHECK_EQ(counters.pair.minor + totals.lost_minor, totals.minor);
  CHECK_EQ(counters.pair.major + totals.lost_major, totals.major);
  CHECK_EQ(counters.pair.unresolved, 0u);
}

TEST(live_losses_are_counted_to_the_fault) {
  // One page of ring and nobody who drains it: most is lost, and the kernel says how much.
  constexpr size_t kPages = 20000;
  Toucher toucher(kPages);
  Watched capture(toucher.pid(), 1);
  // The next record on the CPU where some were lost brings the note of that, and none elsewhere.
  toucher.Stay();
  toucher.Touch();
  capture.Start();
  CHECK(capture.Until([&] {
    toucher.Touch();
    return capture.poller().counters().pair.lost_records > 0;
  }));
  EndsWithLosses(&capture, &toucher, kPages);
}

TEST(live_losses_of_programs_are_counted_to_the_fault) {
  // They count by themselves what finds no room: no record says so.
  constexpr size_t kPages = 20000;
  Toucher toucher(kPages);
  Watched capture(toucher.pid(), 1, Engine::kBpf);
  toucher.Touch();
  capture.Start();
  EndsWithLosses(&capture, &toucher, kPages);
}

TEST(live_end_is_seen_though_the_exit_record_was_lost) {
  // The ring is full when the target dies: no EXIT is ever written.
  Toucher toucher(20000);
  const uint32_t pid = static_cast<uint32_t>(toucher.pid());
  Watched capture(toucher.pid(), 1);
  toucher.Touch();
  toucher.End();
  capture.Start();
  CHECK(capture.Until([&] { return capture.poller().ended(); }));
  CHECK_EQ(capture.poller().threads_now(), 0u);
  capture.Collect();
  // The model of the target is told as well.
  size_t exits = 0;
  for (const SeenRecord& record : capture.records) exits += record.type == 4 && record.tid == pid;
  CHECK_EQ(exits, 1u);
}

TEST(live_another_session_with_another_clock) {
  // Attached after ours, it prepares the sample that ours then writes (EventIds): identifier
  // and CLOCK_REALTIME, decades ahead of our clock. Ours must neither stall nor lose.
  constexpr size_t kPages = 30000;
  Toucher toucher(kPages);
  Watched capture(toucher.pid());
  perf_event_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.size = sizeof attr;
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_PAGE_FAULTS_MIN;
  attr.sample_period = 1;
  attr.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR;
  attr.use_clockid = 1;
  attr.clockid = CLOCK_REALTIME;
  Fd other(static_cast<int>(syscall(SYS_perf_event_open, &attr, toucher.pid(), -1, -1, 0)));
  CHECK(other.ok());
  void* ring = mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_SHARED, other.get(), 0);
  CHECK(ring != MAP_FAILED);
  capture.Start();
  toucher.Touch();
  CHECK(capture.Until([&] { return capture.In(toucher) >= kPages; }));
  toucher.End();
  CHECK(capture.Until([&] { return capture.poller().ended(); }));
  capture.poller().Stop();
  capture.Collect();
  const PollerCounters counters = capture.poller().counters();
  const EventSet::Totals totals = capture.poller().Count();
  CHECK_EQ(counters.pair.minor + totals.lost_minor, totals.minor);
  const double end = static_cast<double>(MonotonicNow() - capture.start());
  for (const SeenFault& fault : capture.faults) {
    CHECK(fault.time >= 0 && fault.time <= end);
    CHECK(fault.latency < end);
  }
  munmap(ring, 2 * kPage);
}

TEST(live_two_captures_of_one_process) {
  constexpr size_t kPages = 20000;
  Toucher toucher(kPages);
  Watched first(toucher.pid());
  Watched second(toucher.pid());
  first.Start();
  second.Start();
  toucher.Touch();
  toucher.End();
  for (Watched* capture : {&first, &second}) {
    CHECK(capture->Until([&] { return capture->poller().ended(); }));
    capture->poller().Stop();
    capture->Collect();
    CHECK_EQ(capture->In(toucher), kPages);
    CHECK_EQ(capture->poller().Count().minor, capture->poller().counters().pair.minor);
  }
}

TEST(live_stop_while_the_target_faults) {
  // Ten times, at different moments of a storm: what was counted was captured.
  Toucher toucher(2000, 1000000);
  toucher.Begin();
  uint64_t captured = 0;
  usleep(20000);
  for (int i = 0; i < 10; i++) {
    Watched capture(toucher.pid());
    capture.Start();
    for (int wait = 0; wait < i; wait++) {
      usleep(1000);
      capture.Collect();
    }
    capture.poller().Stop();
    capture.Collect();
    const PollerCounters counters = capture.poller().counters();
    const EventSet::Totals totals = capture.poller().Count();
    CHECK_EQ(counters.pair.minor + totals.lost_minor, totals.minor);
    captured += counters.pair.minor;
    CHECK_EQ(counters.pair.minor + counters.pair.major + counters.pair.unresolved,
             capture.faults.size() + counters.drops.minor + counters.drops.major +
                 counters.drops.unresolved);
    CHECK(capture.poller().pending(10).size() <= 1);
    capture.poller().Stop();  // again: nothing
  }
  CHECK(captured > 0);
}

}  // namespace test
}  // namespace pagefault
