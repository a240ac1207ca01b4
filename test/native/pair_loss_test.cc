// Pairing where records are lost, come twice, bear the stamp of another session, or make no sense.

#include "bench.h"
#include "check.h"

namespace pagefault {
namespace test {

TEST(pair_loss_taints_open_entries) {
  Bench bench;
  bench.User(2000, 0xa000);
  bench.Feed(Lost(bench.At(2100, kMinorId), 33));
  // Its completion may be among the lost: no fault is claimed.
  bench.User(3000, 0xb000);
  SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 0u);
  CHECK((Types(seen) == std::vector<uint8_t>{8}));
  CHECK_EQ(seen.records.at(0).count, 33.0);
  CHECK_EQ(seen.records.at(0).flags, 0u);
  CHECK_EQ(bench.counters().tainted_entries, 1u);
  CHECK_EQ(bench.counters().lost_records, 33u);
  CHECK_EQ(bench.counters().unresolved, 0u);
  // The one after the loss is whole; a tainted one whose completion did come is a fault.
  bench.Feed(Lost(bench.At(3100, kMinorId), 1));
  bench.Min(3200, 0xb000);
  bench.User(4000, 0xc000);
  bench.Sends(4100);
  seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 2u);
  CHECK_EQ(seen.faults.at(0).latency, 200.0);
  CHECK_EQ(seen.faults.at(1).flags & 3, 0);
  CHECK_EQ(bench.counters().unresolved, 1u);
}

TEST(pair_a_full_ring_taints_before_its_loss_is_told) {
  Bench bench;
  bench.User(2000, 0xa000);
  bench.pairer().SuspectUntil(2500);
  bench.User(2600, 0xb000);  // the completion of the first may be among the lost
  CHECK_EQ(bench.Seen().faults.size(), 0u);
  CHECK_EQ(bench.counters().tainted_entries, 1u);
  bench.Sends(2650);  // what was entered after the gap is whole
  CHECK_EQ(bench.Seen().faults.size(), 1u);
  CHECK_EQ(bench.counters().unresolved, 1u);
}

TEST(pair_second_copies_by_root) {
  // Thread 150 was born while 100 was being attached: it carries events it inherited from 100 and
  // its own. FORK, then it was opened itself.
  Bench bench;
  ThreadTable threads;
  threads.Add(kPid, kPid, kPid);
  threads.Add(kPid, 150, 150);
  bench.pairer().Seed(std::move(threads));
  bench.Feed(Fork({kPid, 150, 1500, IdOf(kMinorId, kPid)}, kPid, kPid));
  bench.tid = 150;
  for (uint32_t root : {150u, kPid}) {
    bench.root = root;
    bench.User(2000 + root, 0x5000);
  }
  for (uint32_t root : {kPid, 150u}) {
    bench.root = root;
    bench.Min(2400 + root, 0x5000);
  }
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 1u);
  CHECK_EQ(seen.faults.at(0).latency, 400.0);
  CHECK_EQ(bench.counters().minor, 1u);
  CHECK_EQ(bench.counters().duplicates, 2u);
  CHECK_EQ(bench.counters().duplicate_minor, 1u);
  // A child of that thread: two FORK records, one child, whose events of one root count.
  bench.root = kPid;
  bench.Feed(Fork({160, 160, 3000, IdOf(kMinorId, kPid)}, kPid, 150));
  bench.root = 150;
  bench.Feed(Fork({160, 160, 3000, IdOf(kMinorId, 150)}, kPid, 150));
  CHECK_EQ(bench.thread(160)->root, 150u);
  CHECK((Types(bench.Seen()) == std::vector<uint8_t>{3}));
}

TEST(pair_second_copies_by_equal_time) {
  // Both copies borrowed the other's identifier: the same stamp twice cannot be two faults.
  Bench bench;
  bench.User(2000, 0x5000);
  bench.Min(2100, 0x5000);
  bench.Min(2100, 0x5000);
  bench.Maj(2100, 0x5000);
  CHECK_EQ(bench.Seen().faults.size(), 1u);
  CHECK_EQ(bench.counters().duplicates, 2u);
  CHECK_EQ(bench.counters().duplicate_minor, 1u);
  CHECK_EQ(bench.counters().duplicate_major, 1u);
}

TEST(pair_borrowed_stamps) {
  // The completion carries the identifier and the clock of another perf session (here far ahead).
  constexpr uint64_t kForeign = 1700000000000000000;
  Bench bench;
  bench.User(2000, 0x5000, 6);
  Bytes completion = Minor({kPid, kPid, kForeign, 99999999}, 0x5000);
  bench.FeedAt(completion, 2100);
  SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 1u);
  CHECK_EQ(seen.faults.at(0).flags, 1 | 8 | 16);  // the entry is known, its length is not
  CHECK_EQ(seen.faults.at(0).latency, -1.0);
  CHECK_EQ(seen.faults.at(0).time, 2100.0 - kStart);  // where it stands in the order
  CHECK_EQ(bench.counters().borrowed_stamps, 1u);
  CHECK_EQ(bench.counters().minor, 1u);
  // The second copy of it is still recognised by its stamp.
  bench.FeedAt(completion, 2150);
  CHECK_EQ(bench.counters().minor, 1u);
  CHECK_EQ(bench.counters().duplicates, 1u);
}

TEST(pair_borrowed_entry_has_no_latency) {
  Bench bench(true, false, true);
  Bytes entry = Sample({kPid, kPid, 5, 99999999}, true, true, 0x401234);
  for (const uint64_t word : {uint64_t{0x5000}, uint64_t{1}, uint64_t{1}, kNoSource}) {
    Put(&entry, word);
  }
  entry = Finish(entry);
  bench.FeedAt(entry, 2000);
  Bytes minor = Sample(bench.At(2100, kMinorId), true, true, 0x401234);
  Put(&minor, uint64_t{0x5000});
  Put(&minor, kNoSource);
  bench.Feed(Finish(minor));
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 1u);
  CHECK_EQ(seen.faults.at(0).latency, -1.0);
  CHECK_EQ(seen.faults.at(0).flags, 1 | 16);  // an entry without error code
  CHECK_EQ(seen.faults.at(0).ip, 0x401234u);
  CHECK_EQ(seen.faults.at(0).error_code, 0);
}

TEST(pair_malformed_records_are_counted) {
  Bench bench;
  Bytes entry = FaultEntry(bench.At(2000, kUserId), true, 0x5000, 0x401000, 6);
  PutAt(&entry, 24, uint32_t{0xffffff});
  bench.Feed(entry);
  CHECK_EQ(bench.counters().malformed, 1u);
  bench.Min(2100, 0x5000);
  CHECK_EQ(bench.counters().unpaired_completions, 1u);
}

TEST(pair_records_from_before_the_start_count_from_zero) {
  Bench bench;
  bench.User(kStart - 300, 0x5000);
  bench.Min(kStart - 100, 0x5000);
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.at(0).time, 0.0);
  CHECK_EQ(seen.faults.at(0).latency, 200.0);
}

TEST(pair_random_streams_keep_the_books) {
  // Whatever comes, in whatever order: every completion is one fault, one duplicate or foreign, and
  // every user entry ends as exactly one of completed, unresolved, tainted or still open.
  Random random(77);
  for (int round = 0; round < Rounds(200); round++) {
    Bench bench(random.Below(2) != 0);
    uint64_t completions = 0, entries = 0, paired = 0, unresolved = 0, faults = 0;
    uint64_t time = 2000;
    for (int i = 0; i < 500; i++) {
      time += 1 + random.Below(3);
      bench.tid = kPid + static_cast<uint32_t>(random.Below(4));
      const uint64_t page = random.Below(3) << 12;
      switch (random.Below(9)) {
        case 0:
        case 1:
          entries++;
          bench.User(time, page);
          break;
        case 2:
          bench.Kernel(time, page);
          break;
        case 3:
        case 4:
        case 5:
          completions++;
          random.Below(2) != 0 ? bench.Min(time, page) : bench.Maj(time, page, false);
          break;
        case 6:
          if (random.Below(20) == 0) bench.Feed(Lost(bench.At(time, kMinorId), 1));
          break;
        case 7:
          bench.Sends(time);
          break;
        default:
          if (random.Below(4) == 0) bench.Ends(time);
      }
    }
    for (const SeenFault& fault : bench.Seen().faults) {
      faults++;
      if ((fault.flags & 3) == 0) {
        unresolved++;
      } else if ((fault.flags & 16) != 0 && fault.ip == 0x401000) {
        paired++;
      }
      CHECK(fault.latency >= -1);
    }
    uint64_t open = 0;
    bench.pairer().threads().ForEach([&](const Thread& thread) { open += thread.user.open; });
    const PairCounters& counters = bench.counters();
    CHECK_EQ(counters.minor + counters.major + counters.duplicates, completions);
    CHECK_EQ(counters.unresolved, unresolved);
    CHECK_EQ(counters.minor + counters.major + counters.unresolved, faults);
    CHECK_EQ(paired + unresolved + counters.tainted_entries + counters.interrupted +
                 counters.retried + open,
             entries);
  }
}

}  // namespace test
}  // namespace pagefault
