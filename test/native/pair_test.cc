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

TEST(pair_lost_copies_cost_the_budget_of_their_event) {
  Bench bench;
  bench.pairer().stack_periods().Change(kStart, 1);
  bench.pairer().maker_periods().Change(kStart, 1);
  bench.Feed(LostMakerCopies({kPid, kPid, 2010, SyscallId(EventKind::kMmapCopy)}, 17));
  CHECK_EQ(bench.counters().lost_stacks, 17u);
  CHECK_EQ(bench.pairer().stack_periods().taken(), 0u);
  CHECK_EQ(bench.pairer().maker_periods().taken(), 17u);
}

}  // namespace test
}  // namespace pagefault
