// Whom a session follows: births, ends, execs, strangers.

#include <sys/mman.h>

#include "bench.h"
#include "check.h"

namespace pagefault {
namespace test {

TEST(pair_threads_and_children_are_born_and_end) {
  Bench bench;
  const auto id = IdOf(kMinorId, kPid);
  bench.Feed(Fork({kPid, 101, 2000, id}, kPid, kPid));
  bench.Feed(Fork({200, 200, 2100, id}, kPid, 101));
  CHECK_EQ(bench.pairer().threads().size(), 3u);
  CHECK_EQ(bench.pairer().threads().ProcessThreads(kPid), 2u);
  const SeenBatch seen = bench.Seen();
  CHECK((Types(seen) == std::vector<uint8_t>{3, 3}));
  CHECK_EQ(seen.records.at(1).pid, 200u);
  CHECK_EQ(seen.records.at(1).parent_pid, kPid);  // the parent's pid and tid
  CHECK_EQ(seen.records.at(1).parent_tid, 101u);
  for (const Who& who :
       {Who{kPid, kPid, 3000, id}, Who{kPid, 101, 3001, id}, Who{200, 200, 3002, id}}) {
    CHECK(bench.pairer().threads().size() > 0);
    bench.Feed(Exit(who));
  }
  CHECK_EQ(bench.pairer().threads().size(), 0u);
  CHECK(bench.pairer().threads().ever_used());
  CHECK(bench.pairer().TakeSuspects().empty());
}

TEST(pair_children_left_out) {
  Bench bench(false);
  const auto id = IdOf(kMinorId, kPid);
  bench.Feed(Fork({200, 200, 2000, id}, kPid, kPid));
  bench.Feed(Fork({kPid, 101, 2100, id}, kPid, kPid));
  CHECK(bench.thread(200) == nullptr);
  CHECK(bench.thread(101) != nullptr);
  CHECK((Types(bench.Seen()) == std::vector<uint8_t>{3}));
}

TEST(pair_exec_forgets_the_other_threads) {
  // Thread 102 calls exec: 100 and 101 die, and it goes on as 100. Nothing says that 102 ended.
  Bench bench;
  const auto id = IdOf(kMinorId, kPid);
  bench.Feed(Fork({kPid, 101, 2000, id}, kPid, kPid));
  bench.Feed(Fork({kPid, 102, 2100, id}, kPid, kPid));
  bench.Feed(Exit({kPid, 101, 2200, id}));
  bench.Feed(Exit({kPid, kPid, 2300, id}));
  bench.Feed(Comm({kPid, kPid, 2400, id}, "new", true));
  bench.Feed(Mmap2({kPid, kPid, 2500, id}, 0x1000, 0x1000, 0, 5, MAP_PRIVATE, "/new"));
  CHECK_EQ(bench.pairer().threads().size(), 1u);
  CHECK(bench.thread(kPid) != nullptr);
  const SeenBatch seen = bench.Seen();
  CHECK((Types(seen) == std::vector<uint8_t>{3, 3, 4, 4, 2, 1}));
  CHECK_EQ(seen.records.at(4).flags, 1u);  // by exec
  CHECK(seen.records.at(4).name == "new");
  bench.Ends(3000);
  CHECK_EQ(bench.pairer().threads().size(), 0u);
  CHECK(bench.pairer().TakeSuspects().empty());
}

TEST(pair_end_of_capture_behind_an_exec_is_suspect) {
  // A program of another user's rights: the kernel removes our events and reports that as an exit.
  Bench bench;
  bench.Feed(Comm(bench.At(2000, kMinorId), "sudo", true));
  bench.Ends(2001);
  CHECK((bench.pairer().TakeSuspects() == std::vector<uint32_t>{kPid}));
  CHECK(bench.pairer().TakeSuspects().empty());
}

TEST(pair_sweep_takes_out_what_is_found_gone_twice) {
  Bench bench;
  const auto id = IdOf(kMinorId, kPid);
  for (uint32_t tid : {101u, 102u, 103u}) bench.Feed(Fork({kPid, tid, 2000, id}, kPid, kPid));
  bench.tid = 101;
  bench.User(2100, 0x5000);
  bench.Seen();
  const auto gone = [](int, int tid) { return tid != static_cast<int>(kPid); };
  bench.pairer().Sweep(3000, gone);
  CHECK_EQ(bench.pairer().threads().size(), 4u);  // their EXIT records may still come
  bench.Feed(Exit({kPid, 102, 3100, id}));
  // 103 is born again: the number is in use, by another thread.
  bench.Feed(Fork({kPid, 103, 3200, id}, kPid, kPid));
  bench.Seen();
  bench.pairer().Sweep(4000, gone);
  CHECK(bench.thread(101) == nullptr);
  CHECK(bench.thread(103) != nullptr);
  const SeenBatch seen = bench.Seen();
  CHECK((Types(seen) == std::vector<uint8_t>{4}));
  CHECK_EQ(seen.records.at(0).tid, 101u);
  CHECK_EQ(seen.records.at(0).pid, kPid);
  CHECK_EQ(seen.records.at(0).time, 4000.0 - kStart);
  // What became of the open fault of the lost thread is not known: none is claimed.
  CHECK(seen.faults.empty());
  CHECK_EQ(bench.counters().tainted_entries, 1u);
}

TEST(pair_everyone_is_met_on_the_way_but_ourselves) {
  Following rule = Bench::Rule(true, true);
  rule.everyone = true;
  rule.left_out = {700};
  Bench bench(rule);
  const auto minor = [](uint32_t pid, uint32_t tid, uint64_t time) {
    return Minor({pid, tid, time, IdOf(kMinorId, 0)}, 0x5000);
  };
  const uint64_t wide = IdOf(kMinorId, 0);
  bench.Feed(minor(200, 201, 2000));
  CHECK_EQ(bench.pairer().threads().ProcessThreads(200), 1u);
  // Its map is read when it is met: what was told before is of no interest.
  bench.Feed(Mmap2({300, 300, 2100, wide}, 0x1000, 0x1000, 0, 1, 2, "/x"));
  bench.Feed(Mmap2({200, 202, 2200, wide}, 0x1000, 0x1000, 0, 1, 2, "/x"));
  // Ours, what we start, and what that starts.
  bench.Feed(minor(700, 701, 2300));
  bench.Feed(Fork({710, 710, 2400, wide}, 700, 701));
  bench.Feed(Fork({720, 720, 2500, wide}, 710, 710));
  bench.Feed(minor(720, 720, 2600));
  CHECK_EQ(bench.counters().minor, 1u);
  CHECK_EQ(bench.counters().left_out_minor, 2u);
  // A kernel thread is none of them; the number of one that has ended is another's.
  bench.Feed(Fork({800, 800, 2700, wide}, 2, 2));
  bench.Feed(Exit({710, 710, 2800, wide}));
  bench.Feed(Fork({710, 710, 2900, wide}, 400, 400));
  bench.Feed(minor(710, 710, 3000));
  CHECK_EQ(bench.counters().minor, 2u);
  CHECK(bench.thread(400) != nullptr);
  CHECK(bench.thread(800) == nullptr);
  const SeenBatch seen = bench.Seen();
  CHECK((Types(seen) == std::vector<uint8_t>{1, 3}));
  CHECK_EQ(seen.records.at(0).pid, 200u);
  CHECK_EQ(seen.records.at(1).pid, 710u);
}

TEST(pair_who_gets_the_name_is_followed_with_its_children) {
  Following rule = Bench::Rule(true, true);
  rule.name = "worker";
  Bench bench(rule);
  const uint64_t wide = IdOf(kMinorId, 0);
  bench.Feed(Comm({200, 200, 2000, wide}, "workers", true));
  bench.Feed(Comm({200, 201, 2050, wide}, "worker", false));  // a thread that is not the first
  CHECK(bench.thread(200) == nullptr && bench.thread(201) == nullptr);
  bench.Feed(Comm({200, 200, 2100, wide}, "worker", false));
  bench.Feed(Fork({210, 210, 2200, wide}, 200, 200));
  bench.Feed(Comm({210, 210, 2300, wide}, "helper", true));
  CHECK(bench.thread(200) != nullptr && bench.thread(210) != nullptr);
  bench.Feed(Minor({220, 220, 2400, wide}, 0x5000));
  CHECK_EQ(bench.counters().foreign, 3u);
  CHECK_EQ(bench.counters().left_out_minor, 0u);
}

TEST(pair_foreign_records_are_counted_and_nothing_else) {
  for (const bool wide : {false, true}) {
    Bench bench(true, wide);
    const Who stranger = {900, 901, 2000, 0};
    const auto with = [&](uint64_t event) {
      // In a wide capture the events of the CPUs have no root; else a stranger has none of ours.
      return Who{stranger.pid, stranger.tid, stranger.time, event};
    };
    bench.Feed(SyscallEnter(EventKind::kMunmapEnter, stranger, {0x1000, 0x1000}));
    bench.Feed(SyscallExit(EventKind::kMunmapExit, stranger, 0));
    bench.Feed(SyscallExit(EventKind::kBrkExit, stranger, 0x5000));
    bench.Feed(Minor(with(99999999), 0x5000));  // by its size a completion, of no root
    bench.Feed(Comm(with(99999999), "x", true));
    bench.Feed(Mmap2(with(99999999), 0, 0x1000, 0, 1, 2, "/x"));
    bench.Feed(Exit(with(99999999)));
    CHECK_EQ(bench.counters().foreign, 7u);
    CHECK_EQ(bench.counters().minor, 0u);
    const SeenBatch seen = bench.Seen();
    CHECK(seen.faults.empty() && seen.records.empty());
    CHECK_EQ(bench.pairer().threads().size(), 1u);
  }
}

TEST(pair_tasks_without_a_number_are_foreign) {
  // tid 0: outside of our pid namespace. tid -1: already reaped. Neither ever sends an EXIT.
  Bench bench;
  bench.Feed(Fork({kPid, 101, 1500, IdOf(kMinorId, kPid)}, kPid, kPid));
  bench.Feed(Exit({kPid, 101, 1600, IdOf(kMinorId, kPid)}));  // leaves a free slot
  bench.Seen();
  for (const uint32_t none : {0u, UINT32_MAX}) {
    bench.pid = none;
    bench.tid = none;
    bench.Min(2000, 0x5000);
    bench.Feed(SyscallEnter(EventKind::kMunmapEnter, bench.At(2000, 0), {0x1000, 0x1000}));
    bench.Feed(SyscallExit(EventKind::kMunmapExit, bench.At(2001, 0), 0));
  }
  CHECK_EQ(bench.pairer().threads().size(), 1u);
  CHECK_EQ(bench.counters().foreign, 6u);
  CHECK_EQ(bench.counters().minor, 0u);
  const SeenBatch seen = bench.Seen();
  CHECK(seen.faults.empty() && seen.records.empty());
}

TEST(pair_only_an_entry_waits_for_the_process_to_be_told) {
  Bench bench;
  const Who stranger = {0, 107, 2000, IdOf(kMinorId, kPid)};
  bench.Feed(Mmap2(stranger, 0x5000, 4096, 0, 3, 2, "/srv/file"));
  bench.Feed(Comm(stranger, "stranger", false));
  CHECK_EQ(bench.counters().tainted_entries, 0u);
  CHECK(bench.thread(107) == nullptr);
  CHECK(bench.Seen().records.empty());
}

TEST(pair_a_thread_whose_birth_was_lost_is_followed) {
  Bench bench;
  bench.tid = 107;
  bench.User(2000, 0x5000);  // does not tell the process: the completion does
  bench.Min(2100, 0x5000);
  bench.User(2110, 0x5000);
  bench.Min(2140, 0x5000);
  bench.pid = 300;
  bench.tid = 300;
  bench.Min(2200, 0x6000);
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 3u);
  CHECK_EQ(seen.faults.at(0).tid, 107u);
  CHECK_EQ(seen.faults.at(0).latency, -1.0);
  CHECK_EQ(seen.faults.at(1).latency, 30.0);
  CHECK_EQ(seen.faults.at(2).pid, 300u);
  CHECK_EQ(bench.counters().tainted_entries, 1u);
}

TEST(pair_wide_follows_births_of_its_own_processes_only) {
  Bench bench(true, true);
  bench.Feed(Fork({kPid, 101, 2000, 99999999}, kPid, kPid));
  bench.Feed(Fork({200, 200, 2100, 99999999}, kPid, 101));
  bench.Feed(Fork({901, 901, 2200, 99999999}, 900, 900));
  CHECK(bench.thread(101) != nullptr);
  CHECK(bench.thread(200) != nullptr);
  CHECK(bench.thread(901) == nullptr);
  bench.Feed(Minor({200, 200, 2300, 99999999}, 0x5000));
  bench.Feed(Minor({901, 901, 2400, 99999999}, 0x5000));
  CHECK_EQ(bench.Seen().faults.size(), 1u);
  CHECK_EQ(bench.counters().foreign, 2u);
}

}  // namespace test
}  // namespace pagefault
