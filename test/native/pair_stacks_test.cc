// Stacks and the faults that they belong to: call chains and copied stacks.

#include "bench.h"
#include "check.h"

namespace pagefault {
namespace test {
namespace {

constexpr uint64_t kUserPart = PERF_CONTEXT_USER;

// The addresses of a record.
std::vector<uint64_t> ChainOf(const SeenRecord& record) {
  std::vector<uint64_t> chain(record.name.size() / 8);
  if (!chain.empty()) memcpy(chain.data(), record.name.data(), 8 * chain.size());
  return chain;
}

}  // namespace

TEST(pair_stacks_join_their_faults) {
  Bench bench;
  bench.pairer().stack_periods().Change(kStart, 5);
  bench.User(2000, 0x5000);
  bench.Feed(Stack(bench.At(2010, kStackId), 0x5008, {kUserPart, 0x401000, 0x402000}));
  bench.Min(2100, 0x5000);
  bench.User(2200, 0x6000);
  bench.Min(2300, 0x6000);  // none
  bench.Kernel(2400, 0x7000);
  bench.Feed(Stack(bench.At(2410, kStackId), 0x7000, {kUserPart, 0x403000}, false));
  bench.Maj(2500, 0x7000, false);
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 3u);
  CHECK((Types(seen) == std::vector<uint8_t>{12, 12}));
  CHECK_EQ(seen.faults.at(0).latency, 100.0);
  CHECK_EQ(seen.records.at(0).at, 0u);
  CHECK_EQ(seen.records.at(0).count, 5.0);
  CHECK_EQ(seen.records.at(0).tid, kPid);
  CHECK((ChainOf(seen.records.at(0)) == std::vector<uint64_t>{0x401000, 0x402000}));
  CHECK_EQ(seen.records.at(1).at, 2u);
  CHECK((ChainOf(seen.records.at(1)) == std::vector<uint64_t>{0x403000}));
  CHECK_EQ(bench.counters().stacks, 2u);
}

TEST(pair_copied_stacks_join_their_faults) {
  Bench bench;
  bench.pairer().stack_periods().Change(kStart, 3);
  bench.User(2000, 0x5000);
  bench.Feed(StackCopy(bench.At(2010, kCopyId), 0x5008, 2, 8, 5));
  bench.Min(2100, 0x5000);
  bench.User(2200, 0x6000);
  bench.Feed(StackCopy(bench.At(2210, kCopyId), 0x6000, 1, 8, 8));  // a program of 32 bits
  bench.Min(2300, 0x6000);
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 2u);
  CHECK((Types(seen) == std::vector<uint8_t>{14}));
  CHECK_EQ(seen.records.at(0).at, 0u);
  CHECK_EQ(seen.records.at(0).count, 3.0);
  CHECK(seen.records.at(0).name.empty());
  std::vector<uint64_t> words(StackCopies::kSlotBytes / 8);
  uint8_t* bytes = reinterpret_cast<uint8_t*>(words.data());
  CHECK_EQ(bench.copies().Take(seen.records.at(0).flags, bytes), 8 * (kUnwindCount + 5));
  CHECK_EQ(words[7], 0x7007u);
  CHECK_EQ(words[kUnwindCount + 4], 4u);
  // Once.
  CHECK_EQ(bench.copies().Take(seen.records.at(0).flags, bytes), 0u);
}

TEST(pair_lost_copies_cost_no_fault) {
  Bench bench;
  bench.pairer().stack_periods().Change(kStart, 1);
  bench.User(2000, 0x5000);
  bench.Feed(LostCopies(bench.At(2010, kCopyId), 17));
  CHECK_EQ(bench.counters().lost_stacks, 17u);
  CHECK_EQ(bench.counters().lost_records, 0u);
  CHECK_EQ(bench.pairer().stack_periods().taken(), 17u);
  CHECK(!bench.thread(kPid)->user.tainted);
  bench.Min(2100, 0x5000);
  CHECK_EQ(bench.Seen().faults.at(0).latency, 100.0);
}

TEST(pair_copies_beyond_the_slots_leave_their_faults) {
  Bench bench;
  const uint32_t more = StackCopies::kSlots + 10;
  for (uint32_t i = 0; i < more; i++) {
    bench.User(2000 + 10 * i, 0x5000);
    bench.Feed(StackCopy(bench.At(2001 + 10 * i, kCopyId), 0x5000, 2, 2, 2));
    bench.Min(2002 + 10 * i, 0x5000);
  }
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), more);
  CHECK_EQ(seen.records.size(), StackCopies::kSlots);
  CHECK_EQ(bench.drops().stacks, 10u);
  // What is taken out makes room.
  std::vector<uint8_t> bytes(StackCopies::kSlotBytes);
  CHECK(bench.copies().Take(5, bytes.data()) > 0);
  CHECK_EQ(bench.copies().Take(StackCopies::kSlots, bytes.data()), 0u);
  uint32_t slot = 0;
  CHECK(bench.copies().Put({1, 2, 3}, &slot));
  CHECK_EQ(slot, 5u);
  CHECK(!bench.copies().Put({1}, &slot));
  CHECK(!bench.copies().Put(std::vector<uint64_t>(StackCopies::kSlotBytes / 8 + 1), &slot));
}

TEST(pair_stacks_of_other_faults_are_left_out) {
  Bench bench;
  // No entry; another page; a thread that is not followed, by an event for all of a CPU.
  bench.Feed(Stack(bench.At(1900, kStackId), 0x5000, {kUserPart, 0x401000}));
  bench.User(2000, 0x5000);
  bench.Feed(Stack(bench.At(2010, kStackId), 0x9000, {kUserPart, 0x401000}));
  bench.Feed(Stack({77, 77, 2020, 99999999}, 0x5000, {kUserPart, 0x401000}));
  bench.Min(2100, 0x5000);
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 1u);
  CHECK(seen.records.empty());
  CHECK(bench.thread(77) == nullptr);
  // That of an entry that came to nothing is not the next fault's.
  bench.User(3000, 0x5000);
  bench.Feed(Stack(bench.At(3010, kStackId), 0x5000, {kUserPart, 0x401000}));
  bench.User(3100, 0x5000);
  bench.Min(3200, 0x5000);
  CHECK(bench.Seen().records.empty());
}

TEST(pair_stacks_with_the_identifier_of_another_session) {
  // However long, it is no completion: the shortest is longer than those.
  for (size_t length = 0; length < 8; length++) {
    Bench bench;
    bench.User(2000, 0x5000);
    // That session has its kernel part taken, and the kernel makes one chain for both.
    std::vector<uint64_t> chain = {PERF_CONTEXT_KERNEL, 0xffffffff81000000, kUserPart};
    for (size_t i = 0; i < length; i++) chain.push_back(0x401000 + i);
    bench.FeedAt(Stack({kPid, kPid, 5, 99999999}, 0x5000, chain), 2010);
    bench.Min(2100, 0x5000);
    const SeenBatch seen = bench.Seen();
    CHECK_EQ(seen.faults.size(), 1u);
    CHECK_EQ(seen.records.size(), 1u);
    CHECK_EQ(ChainOf(seen.records.at(0)).size(), length);
    CHECK_EQ(bench.counters().minor, 1u);
  }
}

TEST(pair_stacks_as_long_as_the_kernel_takes_them) {
  Bench bench;
  std::vector<uint64_t> chain = {kUserPart};
  for (uint64_t i = 0; i < 300; i++) chain.push_back(i);
  bench.User(2000, 0x5000);
  bench.Feed(Stack(bench.At(2010, kStackId), 0x5000, chain));
  bench.Min(2100, 0x5000);
  CHECK_EQ(ChainOf(bench.Seen().records.at(0)).size(), kMaxChain);
  // A count that goes beyond the record.
  Bytes torn = Stack(bench.At(2200, kStackId), 0x5000, {kUserPart, 1});
  PutAt(&torn, 56, uint64_t{3});
  bench.Feed(torn);
  CHECK_EQ(bench.counters().malformed, 1u);
}

TEST(pair_stack_periods_hold_from_their_time_on) {
  StackPeriods periods;
  periods.Change(1000, 4);
  CHECK_EQ(periods.Take(1000), 4u);
  periods.Change(2000, 9);
  CHECK_EQ(periods.latest(), 9u);
  CHECK_EQ(periods.Take(1999), 4u);  // it was on its way
  CHECK_EQ(periods.taken(), 0u);
  CHECK_EQ(periods.Take(2000), 9u);
  CHECK_EQ(periods.taken(), 1u);
}

}  // namespace test
}  // namespace pagefault
