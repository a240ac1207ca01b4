// The merger against a plain sort: same order, whatever the rings hold and however the passes fall.

#include "source/order.h"

#include <algorithm>

#include "check.h"
#include "fake_ring.h"
#include "session_events.h"

namespace pagefault {
namespace test {
namespace {

constexpr uint64_t kMax = UINT64_MAX;

// What went out, by the address that serves as a number.
struct Out {
  uint64_t number;
  uint64_t now;
};

struct Rings {
  Rings(size_t rings, size_t bytes) {
    for (size_t i = 0; i < rings; i++) fakes.push_back(std::make_unique<FakeRing>(bytes));
    perf_event_attr attr = {};
    attr.sample_type =
        PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR;
    events.Add(kMinorId, EventKind::kMinor, 0, LayoutOf(attr));
    for (auto& fake : fakes) readers.push_back(fake->Reader());
    for (Ring& ring : readers) sources.emplace_back(&ring, &events);
  }
  bool Write(size_t ring, uint64_t time, uint64_t number) {
    Bytes record = Sample({1, 1, time, kMinorId}, true);
    Put(&record, number);
    return fakes[ring]->Write(Finish(record));
  }
  std::vector<Out> Pass(uint64_t horizon, uint64_t loaded = kMax) {
    std::vector<Out> out;
    for (Ring& ring : readers) ring.LoadHead();
    merger.Drain(sources, horizon, loaded, [&](const RawRecord& record, uint64_t now) {
      CHECK_EQ(record.length, 40u);
      uint64_t number;
      memcpy(&number, record.bytes + 32, sizeof number);
      out.push_back({number, now});
    });
    for (Ring& ring : readers) ring.Publish();
    return out;
  }

  std::vector<std::unique_ptr<FakeRing>> fakes;
  std::vector<Ring> readers;
  EventIds events;
  std::vector<RingSource> sources;
  Merger merger;
};

}  // namespace

TEST(order_equals_a_stable_sort) {
  Random random(11);
  for (int round = 0; round < Rounds(300); round++) {
    const size_t rings = 1 + random.Below(9);
    Rings machine(rings, 1 << 16);
    struct Written {
      uint64_t time;
      size_t ring;
      uint64_t number;
    };
    std::vector<Written> written;
    // Few different times make many ties, between rings and within one.
    const uint64_t spread = 1 + random.Below(6);
    uint64_t number = 0;
    for (size_t ring = 0; ring < rings; ring++) {
      uint64_t time = random.Below(20);
      for (uint64_t n = random.Below(300); n > 0; n--) {
        time += random.Below(spread);
        CHECK(machine.Write(ring, time, number));
        written.push_back({time, ring, number++});
      }
    }
    std::stable_sort(written.begin(), written.end(), [](const Written& a, const Written& b) {
      return a.time != b.time ? a.time < b.time : a.ring < b.ring;
    });
    // In one pass, or in several with horizons in between.
    std::vector<Out> seen;
    uint64_t horizon = random.Below(2) != 0 ? kMax : 0;
    for (;;) {
      const std::vector<Out> part = machine.Pass(horizon);
      for (const Out& out : part) {
        CHECK(seen.size() < written.size() && written[seen.size()].number == out.number);
        CHECK(seen.size() < written.size() && written[seen.size()].time == out.now);
        CHECK(out.now <= horizon);
        seen.push_back(out);
      }
      if (horizon > 4000) break;
      horizon += 1 + random.Below(200);
    }
    CHECK_EQ(seen.size(), written.size());
    CHECK_EQ(machine.merger.late(), 0u);
  }
}

TEST(order_holds_back_what_is_newer_than_the_horizon) {
  Rings machine(2, 4096);
  machine.Write(0, 10, 1);
  machine.Write(0, 30, 2);
  machine.Write(1, 20, 3);
  machine.Write(1, 21, 4);
  std::vector<Out> out = machine.Pass(20);
  CHECK_EQ(out.size(), 2u);
  CHECK_EQ(out.at(0).number, 1u);
  CHECK_EQ(out.at(1).number, 3u);
  // What stays is still in the ring: the writer has not got its space back.
  CHECK_EQ(machine.fakes[0]->control().data_tail, 40u);
  CHECK_EQ(machine.fakes[1]->control().data_tail, 40u);
  CHECK_EQ(machine.Pass(20).size(), 0u);
  // A record that turns up in time, between the two passes, takes its place.
  machine.Write(1, 25, 5);
  out = machine.Pass(kMax);
  CHECK_EQ(out.size(), 3u);
  CHECK_EQ(out.at(0).number, 4u);
  CHECK_EQ(out.at(1).number, 5u);
  CHECK_EQ(out.at(2).number, 2u);
}

// A source that is no ring: records in plain memory.
class MemorySource {
 public:
  void Add(uint64_t time) { times_.push_back(time); }
  bool Peek(RawRecord* out) {
    if (next_ == times_.size()) return false;
    *out = {reinterpret_cast<const uint8_t*>(&times_[next_]), 8, times_[next_], nullptr};
    return true;
  }
  void Pop() { next_++; }
  void Release() { released_ = next_; }
  size_t released() const { return released_; }

 private:
  std::vector<uint64_t> times_;
  size_t next_ = 0, released_ = 0;
};

TEST(order_of_sources_that_are_no_rings) {
  std::vector<MemorySource> sources(3);
  for (uint64_t time = 1; time <= 9000; time++) sources[time * time % 3].Add(time);
  Merger merger;
  uint64_t seen = 0;
  merger.Drain(sources, kMax, kMax, [&](const RawRecord& record, uint64_t now) {
    CHECK_EQ(record.time, ++seen);
    CHECK_EQ(now, seen);
  });
  CHECK_EQ(seen, 9000u);
  CHECK_EQ(sources[1].released() + sources[0].released() > 4000, true);
}

TEST(order_counts_late_records_and_hands_them_on) {
  Rings machine(2, 4096);
  machine.Write(0, 100, 1);
  CHECK_EQ(machine.Pass(kMax).size(), 1u);
  machine.Write(1, 90, 2);
  machine.Write(1, 110, 3);
  const std::vector<Out> out = machine.Pass(kMax);
  CHECK_EQ(out.size(), 2u);
  CHECK_EQ(out.at(0).number, 2u);
  CHECK_EQ(out.at(0).now, 100u);  // the order's own time does not go back
  CHECK_EQ(out.at(1).number, 3u);
  CHECK_EQ(machine.merger.late(), 1u);
}

TEST(order_is_not_blocked_by_a_stamp_of_another_clock) {
  // Another session's CLOCK_REALTIME: decades ahead of the monotonic clock.
  constexpr uint64_t kRealtime = 1700000000000000000;
  Rings machine(2, 4096);
  machine.Write(0, 100, 1);
  machine.Write(0, kRealtime, 2);
  machine.Write(0, 120, 3);
  machine.Write(1, 110, 4);
  machine.Write(1, 115, 5);
  std::vector<Out> out = machine.Pass(112, 130);
  std::vector<uint64_t> numbers;
  for (const Out& one : out) numbers.push_back(one.number);
  CHECK((numbers == std::vector<uint64_t>{1, 2, 4}));
  CHECK_EQ(out.at(1).now, 100u);
  out = machine.Pass(130, 140);
  CHECK_EQ(out.size(), 2u);
  CHECK_EQ(out.at(0).number, 5u);
  CHECK_EQ(out.at(1).number, 3u);
  CHECK_EQ(machine.merger.late(), 0u);
}

TEST(order_gives_space_back_during_a_long_pass) {
  Rings machine(1, 1 << 18);
  uint64_t number = 0;
  while (machine.Write(0, number, number)) number++;
  for (Ring& ring : machine.readers) ring.LoadHead();
  uint64_t first_free = 0, seen = 0;
  machine.merger.Drain(machine.sources, kMax, kMax, [&](const RawRecord&, uint64_t) {
    seen++;
    if (first_free == 0 && machine.fakes[0]->control().data_tail != 0) {
      first_free = seen;
    }
  });
  CHECK_EQ(seen, number);
  CHECK(number > 6000);
  CHECK(first_free > 0 && first_free < number / 2);
}

}  // namespace test
}  // namespace pagefault
