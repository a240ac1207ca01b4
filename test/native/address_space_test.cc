// What a session says of address spaces from system calls: ranges unmapped and moved, who makes a
// mapping, where the stack of a thread lies.

#include <sys/mman.h>

#include "bench.h"
#include "check.h"

namespace pagefault {
namespace test {

TEST(pair_munmap_and_mremap) {
  Bench bench;
  const Who who = {kPid, kPid, 0, 0};
  const auto at = [&](uint64_t time) { return Who{who.pid, who.tid, time, 0}; };
  bench.Feed(SyscallEnter(EventKind::kMunmapEnter, at(2000), {0x7000, 0x1801}));
  bench.Feed(SyscallExit(EventKind::kMunmapExit, at(2100), 0));
  SeenBatch seen = bench.Seen();
  CHECK((Types(seen) == std::vector<uint8_t>{5}));
  CHECK_EQ(seen.records.at(0).start, 7.0);
  CHECK_EQ(seen.records.at(0).end, 9.0);  // a length is rounded up to pages
  CHECK_EQ(seen.records.at(0).entered, 2000.0 - kStart);
  CHECK_EQ(seen.records.at(0).time, 2100.0 - kStart);

  bench.Feed(SyscallEnter(EventKind::kMremapEnter, at(3000), {0x7000, 0x1000, 0x3000, 1, 0}));
  bench.Feed(SyscallExit(EventKind::kMremapExit, at(3100), 0x20000));
  seen = bench.Seen();
  CHECK((Types(seen) == std::vector<uint8_t>{6}));
  const SeenRecord& moved = seen.records.at(0);
  CHECK_EQ(moved.start, 7.0);
  CHECK_EQ(moved.end, 8.0);
  CHECK_EQ(moved.entered, 3000.0 - kStart);
  CHECK_EQ(moved.new_start, 32.0);
  CHECK_EQ(moved.new_end, 35.0);
  CHECK_EQ(moved.flags, 1u);

  bench.Feed(SyscallExit(EventKind::kBrkExit, at(4000), 0x30001));
  seen = bench.Seen();
  CHECK((Types(seen) == std::vector<uint8_t>{7}));
  CHECK_EQ(seen.records.at(0).end, 49.0);
}

TEST(pair_who_makes_a_mapping) {
  Bench bench(Samples::kMakers);
  const auto at = [&](uint64_t time) { return Who{kPid, kPid, time, 0}; };
  const std::vector<uint64_t> chain = {PERF_CONTEXT_USER, 0x401010, 0x401020};
  const std::string bytes(reinterpret_cast<const char*>(&chain[1]), 16);
  const auto made = [&](const SeenRecord& record, double start, double end) {
    CHECK_EQ(record.type, 13u);
    CHECK_EQ(record.pid, kPid);
    CHECK_EQ(record.start, start);
    CHECK_EQ(record.end, end);
    CHECK(record.name == bytes);
  };
  // The kernel reports what it merged with; what was made is what was asked for.
  bench.Feed(SyscallEnter(EventKind::kMmapEnter, at(2000), {0x1801}));
  bench.Feed(Mmap2(Who{kPid, kPid, 2050, kMinorId}, 0x7000, 0x9000, 0, 3, 2, "//anon"));
  bench.Feed(MakerExit(EventKind::kMmapExit, at(2100), 0x7000, chain));
  SeenBatch seen = bench.Seen();
  CHECK((Types(seen) == std::vector<uint8_t>{1, 13}));
  made(seen.records.at(1), 7, 9);

  // One that only shrinks is made by nobody anew.
  bench.Feed(SyscallEnter(EventKind::kMremapEnter, at(3000), {0x7000, 0x2000, 0x1000, 1, 0}));
  bench.Feed(MakerExit(EventKind::kMremapExit, at(3100), 0x7000, chain));
  CHECK((Types(bench.Seen()) == std::vector<uint8_t>{6}));
  bench.Feed(SyscallEnter(EventKind::kMremapEnter, at(3200), {0x7000, 0x1000, 0x3000, 1, 0}));
  bench.Feed(MakerExit(EventKind::kMremapExit, at(3300), 0x20000, chain));
  seen = bench.Seen();
  CHECK((Types(seen) == std::vector<uint8_t>{6, 13}));
  made(seen.records.at(1), 32, 35);

  // A break that grows makes a part of what the kernel has just reported; one that is asked for
  // makes nothing.
  bench.Feed(Mmap2(Who{kPid, kPid, 4000, kMinorId}, 0x30000, 0x2000, 0, 3, 2, "[heap]"));
  bench.Feed(MakerExit(EventKind::kBrkExit, at(4100), 0x31fff, chain));
  bench.Feed(MakerExit(EventKind::kBrkExit, at(4200), 0x31fff, chain));
  seen = bench.Seen();
  CHECK((Types(seen) == std::vector<uint8_t>{1, 13, 7, 7}));
  made(seen.records.at(1), 48, 50);
  CHECK_EQ(seen.records.at(1).flags, kMadeByBreak);
}

TEST(pair_copied_stacks_of_who_makes_a_mapping) {
  Bench bench;
  const auto at = [&](uint64_t time) { return Who{kPid, kPid, time, 0}; };
  std::vector<uint8_t> bytes(StackCopies::kSlotBytes);
  const auto words_of = [&](const SeenRecord& record) {
    const size_t length = bench.copies().Take(static_cast<uint32_t>(record.count), bytes.data());
    return length == 0 ? 0 : length / 8 - kUnwindCount;
  };
  const auto enter = [&](uint64_t time) {
    bench.Feed(SyscallEnter(EventKind::kMmapEnter, at(time), {0x2000}));
  };
  enter(2000);
  bench.Feed(MakerCopyOf(EventKind::kMmapCopy, at(2050), 0x7000, 2, 5));
  bench.Feed(SyscallExit(EventKind::kMmapExit, at(2100), 0x7000));
  bench.Feed(SyscallEnter(EventKind::kMremapEnter, at(2200), {0x7000, 0x2000, 0x3000, 1, 0}));
  bench.Feed(MakerCopyOf(EventKind::kMremapCopy, at(2250), 0x20000, 2, 6));
  bench.Feed(SyscallExit(EventKind::kMremapExit, at(2300), 0x20000));
  bench.Feed(Mmap2(Who{kPid, kPid, 2400, kMinorId}, 0x30000, 0x2000, 0, 3, 2, "[heap]"));
  bench.Feed(MakerCopyOf(EventKind::kBrkCopy, at(2450), 0x31fff, 2, 7));
  bench.Feed(SyscallExit(EventKind::kBrkExit, at(2500), 0x31fff));
  SeenBatch seen = bench.Seen();
  // Behind what is mapped; that of a break before it moves.
  CHECK((Types(seen) == std::vector<uint8_t>{15, 6, 15, 1, 15, 7}));
  CHECK_EQ(seen.records.at(0).start, 7.0);
  CHECK_EQ(seen.records.at(0).end, 9.0);
  CHECK_EQ(words_of(seen.records.at(0)), 5u);
  CHECK_EQ(seen.records.at(2).start, 32.0);
  CHECK_EQ(words_of(seen.records.at(2)), 6u);
  CHECK_EQ(seen.records.at(4).flags, kMadeByBreak);
  CHECK_EQ(words_of(seen.records.at(4)), 7u);

  // Not every one has a copy, and none that of another.
  enter(3000);
  bench.Feed(SyscallExit(EventKind::kMmapExit, at(3100), 0x7000));
  enter(3200);
  bench.Feed(MakerCopyOf(EventKind::kMmapCopy, at(3250), 0x7000, 1, 8));  // a program of 32 bits
  bench.Feed(SyscallExit(EventKind::kMmapExit, at(3300), 0x7000));
  bench.Feed(MakerCopyOf(EventKind::kMmapCopy, at(3350), 0x7000, 2, 8));  // its exit is lost
  enter(3400);
  bench.Feed(SyscallExit(EventKind::kMmapExit, at(3500), 0x9000));
  bench.Feed(SyscallExit(EventKind::kBrkExit, at(3600), 0x9000));
  CHECK((Types(bench.Seen()) == std::vector<uint8_t>{7}));
  CHECK_EQ(bench.pairer().maker_periods().taken(), 5u);
}

TEST(pair_who_makes_a_mapping_is_not_told_of_one_that_failed) {
  Bench bench(Samples::kMakers);
  const auto at = [&](uint64_t time) { return Who{kPid, kPid, time, 0}; };
  const std::vector<uint64_t> chain = {PERF_CONTEXT_USER, 0x401010};
  bench.Feed(SyscallEnter(EventKind::kMmapEnter, at(2000), {0x1000}));
  bench.Feed(MakerExit(EventKind::kMmapExit, at(2100), static_cast<uint64_t>(-12), chain));
  // Attached in between; no user part in the chain; a length that wraps.
  bench.Feed(MakerExit(EventKind::kMmapExit, at(2200), 0x7000, chain));
  bench.Feed(SyscallEnter(EventKind::kMmapEnter, at(2300), {0x1000}));
  bench.Feed(MakerExit(EventKind::kMmapExit, at(2400), 0x7000, {}));
  bench.Feed(SyscallEnter(EventKind::kMmapEnter, at(2500), {~uint64_t{0}}));
  bench.Feed(MakerExit(EventKind::kMmapExit, at(2600), 0x7000, chain));
  CHECK(bench.Seen().records.empty());
}

TEST(pair_failed_and_halved_system_calls_change_nothing) {
  Bench bench;
  const auto at = [&](uint64_t time) { return Who{kPid, kPid, time, 0}; };
  for (const int64_t error : {-1, -12, -22, -4095}) {
    bench.Feed(SyscallEnter(EventKind::kMunmapEnter, at(2000), {0x7000, 0x1000}));
    bench.Feed(SyscallExit(EventKind::kMunmapExit, at(2100), static_cast<uint64_t>(error)));
    bench.Feed(SyscallEnter(EventKind::kMremapEnter, at(2200), {0x7000, 0x1000, 0x2000, 0, 0}));
    bench.Feed(SyscallExit(EventKind::kMremapExit, at(2300), static_cast<uint64_t>(error)));
  }
  // Exits without enter (attached in between, or the enter was lost), and of another call.
  bench.Feed(SyscallExit(EventKind::kMunmapExit, at(3000), 0));
  bench.Feed(SyscallEnter(EventKind::kMunmapEnter, at(3100), {0x7000, 0x1000}));
  bench.Feed(SyscallExit(EventKind::kMremapExit, at(3200), 0x8000));
  bench.Feed(SyscallExit(EventKind::kMunmapExit, at(3300), 0));
  CHECK(bench.Seen().records.empty());
  bench.Feed(SyscallEnter(EventKind::kMunmapEnter, at(3400), {0x7000, 0x1000}));
  bench.Feed(Lost(bench.At(3450, kMinorId), 1));
  bench.Feed(SyscallExit(EventKind::kMunmapExit, at(3500), 0));
  CHECK((Types(bench.Seen()) == std::vector<uint8_t>{8}));
}

TEST(pair_system_calls_of_two_threads_interleave) {
  Bench bench;
  bench.Feed(Fork({kPid, 101, 1500, IdOf(kMinorId, kPid)}, kPid, kPid));
  bench.Seen();
  const auto at = [&](uint32_t tid, uint64_t time) { return Who{kPid, tid, time, 0}; };
  bench.Feed(SyscallEnter(EventKind::kMunmapEnter, at(kPid, 2000), {0x1000, 0x1000}));
  bench.Feed(SyscallEnter(EventKind::kMunmapEnter, at(101, 2001), {0x2000, 0x1000}));
  bench.Feed(SyscallExit(EventKind::kMunmapExit, at(kPid, 2002), 0));
  bench.Feed(SyscallExit(EventKind::kMunmapExit, at(101, 2003), 0));
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.records.size(), 2u);
  CHECK_EQ(seen.records.at(0).start, 1.0);
  CHECK_EQ(seen.records.at(1).start, 2.0);
  CHECK_EQ(seen.records.at(1).tid, 101u);
}

TEST(pair_mappings_at_the_end_of_the_address_space) {
  Bench bench;
  const Who who = bench.At(2000, kMinorId);
  bench.Feed(Mmap2(who, 0xfffffffffffff000, 0xfff, 0, 5, MAP_PRIVATE, "[vsyscall]"));
  bench.Feed(Mmap2(who, 0x7f0000000000, 0x2000, 0x5000, 3, MAP_SHARED, "/a b"));
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.records.at(0).start, 4503599627370495.0);
  CHECK_EQ(seen.records.at(0).end, 4503599627370496.0);  // 2^52 pages: not wrapped to 0
  const SeenRecord& shared = seen.records.at(1);
  CHECK_EQ(shared.end - shared.start, 2.0);
  CHECK_EQ(shared.pgoff, 5.0);
  CHECK_EQ(shared.prot, 3u);
  CHECK_EQ(shared.flags, uint32_t{MAP_SHARED});
  CHECK_EQ(shared.ino, 77u);
  CHECK_EQ(shared.dev_major, 8u);
  CHECK_EQ(shared.dev_minor, 1u);
  CHECK(shared.name == "/a b");
}

TEST(pair_stack_of_a_thread_seen_to_start) {
  Bench bench;
  const auto id = IdOf(kMinorId, kPid);
  constexpr uint64_t kTop = 0x7f5500800000;  // the end of its mapping
  bench.Feed(Fork({kPid, 101, 2000, id}, kPid, kPid));
  bench.Feed(CloneExit(EventKind::kClone3Exit, {kPid, 101, 2010, 0}, 0, kTop));
  bench.Feed(CloneExit(EventKind::kClone3Exit, {kPid, kPid, 2020, 0}, 101, 0x7ffe00000000));
  bench.Feed(CloneExit(EventKind::kCloneExit, {900, 901, 2030, 0}, 0, kTop));  // a stranger
  const SeenBatch seen = bench.Seen();
  CHECK((Types(seen) == std::vector<uint8_t>{3, 9}));
  CHECK_EQ(seen.records.at(1).pid, kPid);
  CHECK_EQ(seen.records.at(1).tid, 101u);
  CHECK_EQ(seen.records.at(1).start, double((kTop >> 12) - 1));
  CHECK_EQ(bench.counters().foreign, 1u);
  bench.Feed(CloneExit(EventKind::kClone3Exit, {kPid, 101, 2040, 0}, 0, kTop));  // known
  CHECK(bench.pairer().UnknownStacks().empty());
  bench.pairer().OnStackPointers(3000, {{kPid, 101, 0x1000}, {kPid, 999, 0x1000}});
  CHECK(bench.Seen().records.empty());
}

TEST(pair_stacks_of_threads_not_seen_to_start_are_asked_for) {
  Bench bench;
  const auto id = IdOf(kMinorId, kPid);
  for (uint32_t tid : {101u, 102u}) bench.Feed(Fork({kPid, tid, 2000, id}, kPid, kPid));
  bench.Seen();
  // 102 sleeps; 101 runs whenever it is looked at, and the first thread's stack has a name.
  int asked[103] = {};
  for (uint64_t i = 0; i < 1000; i++) {
    std::vector<ThreadStack> stacks = bench.pairer().UnknownStacks();
    for (ThreadStack& stack : stacks) {
      CHECK_EQ(stack.pid, kPid);
      asked[stack.tid]++;
      if (stack.tid == 102) stack.pointer = 0x7f5500012345;
    }
    bench.pairer().OnStackPointers(3000 + i, stacks);
  }
  const SeenBatch seen = bench.Seen();
  CHECK((Types(seen) == std::vector<uint8_t>{9}));
  CHECK_EQ(seen.records.at(0).tid, 102u);
  CHECK_EQ(seen.records.at(0).start, double(0x7f5500012345 >> 12));
  CHECK_EQ(seen.records.at(0).time, 3000.0 - kStart);
  CHECK_EQ(asked[100], 0);
  CHECK_EQ(asked[102], 1);
  CHECK(asked[101] > 1 && asked[101] < 100);
}

}  // namespace test
}  // namespace pagefault
