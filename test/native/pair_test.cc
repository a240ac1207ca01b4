// Pairing, rule by rule: addon/faults/fault_assembler.h, docs/classes.md and the measured facts of
// the kernel.

#include <errno.h>
#include <sched.h>

#include "bench.h"
#include "check.h"

namespace pagefault {
namespace test {

TEST(pair_minor_and_major) {
  Bench bench;
  bench.User(2000, 0x7f0000001234, 0x7);
  bench.Min(2750, 0x7f0000001234);
  bench.User(3000, 0x7f0000002000, 0x14);
  bench.Maj(93000, 0x7f0000002000);
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 2u);
  const SeenFault& minor = seen.faults.at(0);
  CHECK_EQ(minor.time, 2750.0 - kStart);
  CHECK_EQ(minor.latency, 750.0);
  CHECK_EQ(minor.address, 0x7f0000001234u);
  CHECK_EQ(minor.ip, 0x401000u);
  CHECK_EQ(minor.error_code, 0x7);
  CHECK_EQ(minor.flags, 1 | 8 | 16);  // MIN, with error code, with entry
  CHECK_EQ(minor.pid, kPid);
  CHECK_EQ(minor.tid, kPid);
  const SeenFault& major = seen.faults.at(1);
  CHECK_EQ(major.latency, 90000.0);
  CHECK_EQ(major.error_code, 0x14);
  CHECK_EQ(major.flags, 2 | 8 | 16);
  CHECK_EQ(bench.counters().minor, 1u);
  CHECK_EQ(bench.counters().major, 1u);
  CHECK_EQ(bench.counters().unpaired_completions, 0u);
}

TEST(pair_threads_do_not_mix) {
  // Two threads in a fault on the same page; the second ends first.
  Bench bench;
  bench.Feed(Fork({kPid, 101, 1500, IdOf(kMinorId, kPid)}, kPid, kPid));
  bench.User(2000, 0x5000, 6);
  bench.tid = 101;
  bench.User(2100, 0x5000, 4);
  bench.Min(2200, 0x5000);
  bench.tid = kPid;
  bench.Min(2300, 0x5000);
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 2u);
  CHECK_EQ(seen.faults.at(0).tid, 101u);
  CHECK_EQ(seen.faults.at(0).latency, 100.0);
  CHECK_EQ(seen.faults.at(0).error_code, 4);
  CHECK_EQ(seen.faults.at(1).tid, kPid);
  CHECK_EQ(seen.faults.at(1).latency, 300.0);
  CHECK_EQ(seen.faults.at(1).error_code, 6);
}

TEST(pair_kernel_mode_entry_twice_and_one_completion) {
  // write(2) from a fresh buffer: an atomic copy that fails, then fault_in_readable, one MIN.
  Bench bench;
  bench.Kernel(2000, 0x9000, 0);
  bench.Kernel(2500, 0x9000, 0);
  bench.Min(3000, 0x9000, false);
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 1u);
  CHECK_EQ(seen.faults.at(0).latency, 500.0);  // from the latest entry
  CHECK_EQ(seen.faults.at(0).flags, 1 | 4 | 8 | 16);
  CHECK_EQ(seen.faults.at(0).ip, 0x402000u);
  CHECK_EQ(bench.counters().kernel_entries, 1u);
  CHECK_EQ(bench.counters().unresolved, 0u);
}

TEST(pair_kernel_mode_leftover_is_no_fault) {
  // A bad pointer (EFAULT): an entry and nothing. Neither the next fault nor the exit makes it one.
  Bench bench;
  bench.Kernel(2000, 0x9000);
  bench.User(2500, 0x9000);
  bench.Min(2600, 0x9000);
  bench.Kernel(3000, 0xa000);
  bench.Ends(4000);
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 1u);
  CHECK_EQ(seen.faults.at(0).latency, 100.0);
  CHECK_EQ(seen.faults.at(0).flags & 4, 0);
  CHECK_EQ(bench.counters().kernel_entries, 2u);
  CHECK_EQ(bench.counters().unresolved, 0u);
}

TEST(pair_unresolved_by_the_signal) {
  Bench bench;
  bench.User(2000, 0xdead0000, 4);
  bench.Sends(2050);
  bench.User(5000, 0xdead0000, 4);  // the same address again: a handler that changed nothing
  bench.Sends(5100, SIGBUS, BUS_ADRERR);
  bench.User(6000, 0xb000, 6);
  bench.Min(6100, 0xb000);
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 3u);
  for (size_t i = 0; i < 2; i++) {
    CHECK_EQ(seen.faults.at(i).flags, 0 | 8 | 16);
    CHECK_EQ(seen.faults.at(i).address, 0xdead0000u);
    CHECK_EQ(seen.faults.at(i).latency, -1.0);
    CHECK_EQ(seen.faults.at(i).error_code, 4);
  }
  CHECK_EQ(seen.faults.at(0).time, 2050.0 - kStart);
  CHECK_EQ(seen.faults.at(0).signal, 1);
  CHECK_EQ(seen.faults.at(1).time, 5100.0 - kStart);
  CHECK_EQ(seen.faults.at(1).signal, 0x80 | 2);
  CHECK_EQ(seen.faults.at(2).signal, 0);
  CHECK_EQ(seen.faults.at(2).latency, 100.0);
  CHECK_EQ(bench.counters().unresolved, 2u);
  CHECK_EQ(bench.counters().minor, 1u);
  CHECK_EQ(bench.counters().interrupted, 0u);
}

TEST(pair_signals_that_prove_nothing) {
  Bench bench;
  bench.Sends(1900);  // no fault is open: a trap of another kind
  bench.User(2000, 0xa000);
  bench.Feed(Signal(bench.At(2100, 0), 999, SIGSEGV, SEGV_MAPERR));  // to another thread
  for (const int code : {SI_USER, SI_KERNEL, SI_QUEUE, SI_TKILL}) {
    bench.Sends(2200, SIGSEGV, code);
  }
  bench.Sends(2300, SIGTRAP, TRAP_BRKPT);
  bench.tid = 999;
  bench.Sends(2400);  // a thread that is not followed
  bench.tid = kPid;
  bench.Min(2500, 0xa000);
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 1u);
  CHECK_EQ(seen.faults.at(0).latency, 500.0);
  CHECK_EQ(bench.counters().unresolved, 0u);
}

TEST(pair_interrupted_and_retried_is_one_fault) {
  Bench bench;
  // Stopped and continued: the same instruction enters again.
  bench.User(2000, 0xa000);
  bench.User(3000, 0xa008);
  bench.Min(3100, 0xa008);
  SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 1u);
  CHECK_EQ(seen.faults.at(0).flags, 1 | 8 | 16);
  CHECK_EQ(seen.faults.at(0).latency, -1.0);  // since when it was handled is not known
  CHECK_EQ(bench.counters().retried, 1u);
  CHECK_EQ(bench.counters().interrupted, 0u);
  // A handler with faults of its own, interrupted by another handler in one of them.
  const auto enter = [&](uint64_t time, uint64_t address, uint64_t ip) {
    bench.Feed(FaultEntry(bench.At(time, kUserId), true, address, ip, 6));
  };
  bench.User(4000, 0xa000);
  enter(4100, 0xb000, 0x500);
  enter(4200, 0xc000, 0x600);
  bench.Min(4300, 0xc000);
  enter(4400, 0xb000, 0x500);
  bench.Min(4500, 0xb000);
  bench.User(4600, 0xa000);
  bench.Maj(4700, 0xa000);
  bench.User(4800, 0xa000);
  bench.Min(4900, 0xa000);
  seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 4u);
  const double latencies[] = {100, -1, -1, 100};
  for (size_t i = 0; i < 4; i++) CHECK_EQ(seen.faults.at(i).latency, latencies[i]);
  CHECK_EQ(bench.counters().retried, 3u);
  CHECK_EQ(bench.counters().interrupted, 0u);
  CHECK_EQ(bench.counters().unresolved, 0u);
}

TEST(pair_interrupted_for_good_is_no_fault) {
  Bench bench;
  // Handlers that never return (longjmp out of an access that hangs).
  for (uint64_t i = 0; i < 20; i++) bench.User(2000 + i, (i + 1) << 12);
  // SIGKILL in the last of them.
  bench.Ends(3000);
  CHECK_EQ(bench.Seen().faults.size(), 0u);
  CHECK_EQ(bench.counters().interrupted, 20u);
  CHECK_EQ(bench.counters().unresolved, 0u);
}

TEST(pair_error_is_inferred_where_signals_are_not_seen) {
  Bench bench(true, false, false, false);
  bench.User(2000, 0xdead0000, 4);
  bench.User(5000, 0xdead0000, 4);
  bench.Ends(6000);
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 2u);
  for (const SeenFault& fault : seen.faults) CHECK_EQ(fault.flags, 0 | 8 | 16 | 32);
  CHECK_EQ(seen.faults.at(0).time, 5000.0 - kStart);
  CHECK_EQ(bench.counters().unresolved, 2u);
}

TEST(pair_a_process_with_its_parents_memory_is_told) {
  Bench bench;
  const Who child = {150, 150, 2000, IdOf(kMinorId, kPid)};
  bench.Feed(Fork(child, kPid, kPid));
  bench.Feed(NewTask(bench.At(2010, 0), CLONE_VM | CLONE_VFORK));
  bench.Feed(Fork({160, 160, 3000, IdOf(kMinorId, kPid)}, kPid, kPid));
  bench.Feed(NewTask(bench.At(3010, 0), 0));
  bench.Feed(Fork({kPid, 170, 4000, IdOf(kMinorId, kPid)}, kPid, kPid));
  bench.Feed(NewTask(bench.At(4010, 0), CLONE_VM | CLONE_THREAD));
  bench.Feed(NewTask(bench.At(5000, 0), CLONE_VM));  // its FORK was lost
  const SeenBatch seen = bench.Seen();
  CHECK((Types(seen) == std::vector<uint8_t>{3, 10, 3, 3}));
  CHECK_EQ(seen.records.at(1).pid, 150u);
  CHECK_EQ(seen.records.at(1).parent_pid, kPid);
  CHECK_EQ(bench.counters().memory_sharers, 1u);
}

TEST(pair_shmdt) {
  Bench bench;
  bench.Feed(SyscallEnter(EventKind::kShmdtEnter, bench.At(2000, 0), {0x7000}));
  const SeenBatch seen = bench.Seen();
  CHECK((Types(seen) == std::vector<uint8_t>{11}));
  CHECK_EQ(seen.records.at(0).start, 7.0);
  CHECK_EQ(seen.records.at(0).entered, 2000.0 - kStart);
}

TEST(pair_vsyscalls_are_no_faults) {
  constexpr uint64_t kTime = 0xffffffffff600400;
  Bench bench;
  const auto fetch = [&](uint64_t time, uint64_t address, uint64_t ip) {
    bench.Feed(FaultEntry(bench.At(time, kUserId), true, address, ip, 0x15));
  };
  fetch(2000, kTime, kTime);
  fetch(2100, kTime, kTime);
  bench.User(2200, 0xb000);
  bench.Min(2300, 0xb000);
  fetch(2400, kTime, kTime);
  bench.Ends(2500);
  CHECK_EQ(bench.counters().vsyscalls, 3u);
  CHECK_EQ(bench.counters().unresolved, 0u);
  CHECK_EQ(bench.Seen().faults.size(), 1u);
  // To read the page, or to jump behind it, is an error like any other.
  Bench other;
  other.Feed(FaultEntry(other.At(2000, kUserId), true, kTime, 0x401000, 5));
  other.Sends(2050);
  other.Feed(FaultEntry(other.At(2100, kUserId), true, kTime + 4096, kTime + 4096, 0x15));
  other.Sends(2150);
  other.Ends(2200);
  CHECK_EQ(other.counters().unresolved, 2u);
  CHECK_EQ(other.counters().vsyscalls, 0u);
}

TEST(pair_signal_frame_between) {
  // SIGSEGV: the kernel writes the signal frame to a fresh page of the stack before the handler
  // runs. Its entry and completion do not end the user fault, and do not pair with it.
  Bench bench;
  bench.User(2000, 0xdead0000, 4);
  bench.Sends(2050);
  bench.Kernel(2100, 0x7ffc0000);
  bench.Min(2200, 0x7ffc0000, false);
  SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 2u);
  CHECK_EQ(seen.faults.at(0).flags, 8 | 16);
  CHECK_EQ(seen.faults.at(1).latency, 100.0);
  CHECK_EQ(bench.counters().unresolved, 1u);
  bench.User(3000, 0xc000);
  seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 0u);
  CHECK_EQ(bench.counters().unresolved, 1u);
  CHECK_EQ(bench.counters().kernel_entries, 0u);
}

TEST(pair_unresolved_at_exit) {
  Bench bench;
  bench.User(2000, 0xdead0000, 4);
  bench.Sends(2400);
  bench.Ends(2500);
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 1u);
  CHECK_EQ(seen.faults.at(0).time, 2400.0 - kStart);
  CHECK_EQ(seen.faults.at(0).flags & 3, 0);
  CHECK((Types(seen) == std::vector<uint8_t>{4}));
  // The fault comes before the end of its thread.
  CHECK_EQ(seen.records.at(0).at, 1u);
  CHECK_EQ(bench.pairer().threads().size(), 0u);
}

TEST(pair_completion_of_another_page_is_unpaired) {
  Bench bench;
  bench.User(2000, 0x5000);
  bench.Min(2100, 0x6000);
  SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 1u);
  CHECK_EQ(seen.faults.at(0).flags, 1);  // no entry, no error code
  CHECK_EQ(seen.faults.at(0).latency, -1.0);
  CHECK_EQ(seen.faults.at(0).ip, 0u);
  CHECK_EQ(bench.counters().unpaired_completions, 1u);
  // The entry still waits for its own.
  bench.Min(2300, 0x5fff);  // the same page: some completions carry a page-aligned address
  seen = bench.Seen();
  CHECK_EQ(seen.faults.at(0).latency, 300.0);
}

TEST(pair_completion_before_its_entry_has_no_latency) {
  // Late records (counted as such) must not make an absurd latency of 2^64 ns.
  Bench bench;
  bench.User(2000, 0x5000);
  bench.Feed(Minor(bench.At(1990, kMinorId), 0x5000));
  CHECK_EQ(bench.Seen().faults.at(0).latency, -1.0);
}

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
  for (const uint64_t word : {0x5000, 1, 1}) Put(&entry, word);
  entry = Finish(entry);
  bench.FeedAt(entry, 2000);
  Bytes minor = Sample(bench.At(2100, kMinorId), true, true, 0x401234);
  Put(&minor, uint64_t{0x5000});
  bench.Feed(Finish(minor));
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 1u);
  CHECK_EQ(seen.faults.at(0).latency, -1.0);
  CHECK_EQ(seen.faults.at(0).flags, 1 | 16);  // an entry without error code
  CHECK_EQ(seen.faults.at(0).ip, 0x401234u);
  CHECK_EQ(seen.faults.at(0).error_code, 0);
}

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

TEST(pair_lost_copies_cost_the_budget_of_their_event) {
  Bench bench;
  bench.pairer().stack_periods().Change(kStart, 1);
  bench.pairer().maker_periods().Change(kStart, 1);
  bench.Feed(LostMakerCopies({kPid, kPid, 2010, SyscallId(EventKind::kMmapCopy)}, 17));
  CHECK_EQ(bench.counters().lost_stacks, 17u);
  CHECK_EQ(bench.pairer().stack_periods().taken(), 0u);
  CHECK_EQ(bench.pairer().maker_periods().taken(), 17u);
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
