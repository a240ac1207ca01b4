// Faults that BPF programs have finished: what addon/bpf/fault_record.h says of them becomes the
// rows that entries and completions do.

#include "bench.h"
#include "check.h"

namespace pagefault {
namespace test {

namespace {

BpfFault Fault(uint64_t entered, uint64_t time, uint64_t address, uint8_t ending = kBpfMinor) {
  BpfFault fault = {};
  fault.time = time;
  fault.entered = entered;
  fault.address = address;
  fault.ip = 0x401000;
  fault.pid = fault.tid = kPid;
  fault.error_code = 7;
  fault.ending = ending;
  fault.user_mode = 1;
  fault.listed = 1;
  return fault;
}

}  // namespace

TEST(finished_is_one_fault) {
  Bench bench;
  bench.TakesFinished();
  bench.Feed(Finished(Fault(2000, 2750, 0x7f0000001234)));
  bench.Feed(Finished(Fault(3000, 93000, 0x7f0000002000, kBpfMajor)));
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 2u);
  const SeenFault& minor = seen.faults.at(0);
  CHECK_EQ(minor.time, 2750.0 - kStart);
  CHECK_EQ(minor.latency, 750.0);
  CHECK_EQ(minor.address, 0x7f0000001234u);
  CHECK_EQ(minor.ip, 0x401000u);
  CHECK_EQ(minor.error_code, 7);
  CHECK_EQ(minor.flags, 1 | 8 | 16);  // MIN, with error code, with entry
  CHECK_EQ(minor.tid, kPid);
  CHECK_EQ(seen.faults.at(1).latency, 90000.0);
  CHECK_EQ(seen.faults.at(1).flags, 2 | 8 | 16);
  CHECK_EQ(bench.counters().minor, 1u);
  CHECK_EQ(bench.counters().major, 1u);
}

TEST(finished_without_entry) {
  Bench bench;
  bench.TakesFinished();
  bench.Feed(Finished(Fault(0, 2750, 0x5000)));
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 1u);
  CHECK_EQ(seen.faults.at(0).latency, -1.0);
  CHECK_EQ(seen.faults.at(0).flags, 1);
  CHECK_EQ(bench.counters().unpaired_completions, 1u);
}

TEST(finished_by_a_signal) {
  Bench bench;
  bench.TakesFinished();
  BpfFault fault = Fault(2000, 2500, 0, kBpfSignal);
  fault.bus = 1;
  fault.signal_code = 2;
  // Rings that overflow have lost other faults, and not what became of this one.
  bench.pairer().SuspectUntil(9000);
  bench.Feed(Finished(fault));
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 1u);
  CHECK_EQ(seen.faults.at(0).flags, 8 | 16);
  CHECK_EQ(seen.faults.at(0).signal, 0x80 | 2);
  CHECK_EQ(bench.counters().unresolved, 1u);
}

TEST(finished_by_a_signal_that_no_entry_tells) {
  Bench bench;
  bench.TakesFinished();
  BpfFault fault = Fault(0, 2500, 0x7f0000001234, kBpfSignal);
  fault.ip = 0;
  fault.signal_code = 1;
  bench.Feed(Finished(fault));
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 1u);
  CHECK_EQ(seen.faults.at(0).flags, 0);
  CHECK_EQ(seen.faults.at(0).signal, 1);
  CHECK_EQ(seen.faults.at(0).address, 0x7f0000001234u);
  CHECK_EQ(bench.counters().unresolved, 1u);
}

TEST(finished_with_an_entry_of_its_own) {
  Bench bench;
  bench.TakesFinished();
  bench.pairer().EntriesApartUntil(UINT64_MAX);
  bench.User(2000, 0x5010, 6);
  bench.Feed(Finished(Fault(0, 2500, 0x5000)));
  bench.Kernel(3000, 0x6010);
  BpfFault kernel = Fault(0, 3700, 0x6000, kBpfMajor);
  kernel.user_mode = 0;
  bench.Feed(Finished(kernel));
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 2u);
  CHECK_EQ(seen.faults.at(0).latency, 500.0);
  CHECK_EQ(seen.faults.at(0).error_code, 6);
  CHECK_EQ(seen.faults.at(0).flags, 1 | 8 | 16);
  CHECK_EQ(seen.faults.at(1).latency, 700.0);
  CHECK_EQ(bench.counters().unpaired_completions, 0u);
  CHECK_EQ(bench.counters().kernel_entries, 0u);
}

TEST(finished_and_entered_twice_is_one_fault) {
  // Programs came meanwhile.
  Bench bench;
  bench.TakesFinished();
  bench.pairer().EntriesApartUntil(UINT64_MAX);
  bench.User(2000, 0x5010, 7);
  bench.Feed(Finished(Fault(2100, 2500, 0x5010)));
  bench.Kernel(3000, 0x6010);
  BpfFault kernel = Fault(3100, 3700, 0x6010);
  kernel.user_mode = 0;
  kernel.ip = 0x402000;
  bench.Feed(Finished(kernel));
  // The record of this one was lost.
  bench.Feed(Finished(Fault(4100, 4200, 0x7010)));
  bench.User(5000, 0x5010, 7);
  bench.pairer().EntriesApartUntil(5900);
  // It has been interrupted, and is tried again when there are no such records any more.
  bench.Feed(Finished(Fault(6000, 6300, 0x5010)));
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 4u);
  CHECK_EQ(seen.faults.at(0).latency, 500.0);
  CHECK_EQ(seen.faults.at(1).latency, 700.0);
  CHECK_EQ(seen.faults.at(2).latency, 100.0);
  CHECK_EQ(seen.faults.at(3).latency, -1.0);
  CHECK_EQ(bench.counters().retried, 1u);
  CHECK_EQ(bench.counters().interrupted, 0u);
  CHECK_EQ(bench.counters().kernel_entries, 0u);
}

TEST(finished_by_a_signal_for_an_entry_of_its_own) {
  Bench bench;
  bench.TakesFinished();
  bench.pairer().EntriesApartUntil(3500);
  BpfFault fault = Fault(0, 2500, 0x5000, kBpfSignal);
  fault.signal_code = 1;
  // Of a trap of another kind.
  bench.Feed(Finished(fault));
  bench.User(3000, 0x5010, 4);
  fault.time = 4000;  // seen to end when there are no such entries any more
  bench.Feed(Finished(fault));
  bench.Feed(Finished(fault));
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 1u);
  CHECK_EQ(seen.faults.at(0).flags, 8 | 16);
  CHECK_EQ(seen.faults.at(0).address, 0x5010u);
  CHECK_EQ(seen.faults.at(0).signal, 1);
  CHECK_EQ(bench.counters().unresolved, 1u);
}

TEST(finished_with_a_stack_and_an_entry_of_its_own) {
  Bench bench;
  bench.TakesFinished();
  bench.pairer().EntriesApartUntil(UINT64_MAX);
  bench.User(2000, 0x5010);
  BpfFault fault = Fault(0, 2500, 0x5000);
  fault.stack_every = 7;
  bench.Feed(FinishedWithChain(fault, {PERF_CONTEXT_USER, 0x401000}));
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 1u);
  CHECK_EQ(seen.records.size(), 1u);
  CHECK_EQ(seen.records.at(0).count, 7.0);
}

TEST(finished_entries_of_their_own_may_be_lost) {
  // What became of it may have been said in a ring that overflowed.
  Bench bench;
  bench.TakesFinished();
  bench.pairer().EntriesApartUntil(9000);
  bench.User(2000, 0x5010);
  bench.pairer().SuspectUntil(2500);
  bench.User(3000, 0x6010);
  CHECK_EQ(bench.counters().tainted_entries, 1u);
  CHECK_EQ(bench.counters().interrupted, 0u);
}

TEST(finished_in_a_window_stands_for_those_between_windows) {
  Bench bench;
  bench.TakesSamples();
  const auto fault = [](uint64_t time, uint8_t ending, int32_t counted) {
    BpfFault made = Fault(time - 500, time, 0x5000, ending);
    made.weight = ending == kBpfMinor ? 8 : 1;
    made.counted = counted;
    return Finished(made, 52);
  };
  bench.Feed(fault(2900, kBpfMinor, 1));
  bench.pairer().window().Begin();
  // Since the window before: 100 that no record tells of, and 48 of which the records tell.
  bench.pairer().OnCounted(kPid, kPid, 100, true, 2950);
  std::vector<Bytes> records;
  for (uint64_t i = 0; i < 8; i++) records.push_back(fault(3000 + i, kBpfMinor, i == 0 ? 41 : 1));
  bench.pairer().window().BeginLook();
  bench.LookAhead(fault(2990, kBpfMinor, 1), 3000);  // from before the window
  for (const Bytes& record : records) bench.LookAhead(record, 3000);
  bench.LookAhead(fault(3010, kBpfMajor, 1), 3000);
  bench.pairer().window().Close(3000);
  for (const Bytes& record : records) bench.Feed(record);
  bench.Feed(fault(3010, kBpfMajor, 1));
  bench.pairer().window().End(4000);
  bench.Feed(fault(4000, kBpfMinor, 1));
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 11u);
  CHECK_EQ(seen.faults.at(0).weight, 8u);
  uint64_t together = 0;
  for (size_t i = 1; i <= 8; i++) {
    together += seen.faults.at(i).weight;
    CHECK(seen.faults.at(i).weight == 18 || seen.faults.at(i).weight == 19);
  }
  CHECK_EQ(together, 148u);
  CHECK_EQ(seen.faults.at(9).weight, 1u);
  CHECK_EQ(seen.faults.at(10).weight, 8u);
}

TEST(window_weights_are_what_was_counted_whatever_is_sampled) {
  Random random(7);
  WindowWeights window;
  window.Begin();
  uint64_t counted = 0, told = 0;
  for (uint64_t at = 1; at < 300; at++) {
    const uint64_t between = 100 + random.Below(2000);
    window.Owe(static_cast<int64_t>(between));
    counted += between;
    // Of some windows there is no record; some records come when all have been looked at.
    std::vector<std::pair<uint32_t, int64_t>> records(random.Below(20));
    const size_t late = random.Below(4);
    window.BeginLook();
    for (size_t i = 0; i < records.size(); i++) {
      records[i] = {static_cast<uint32_t>(1 + random.Below(16)),
                    static_cast<int64_t>(1 + random.Below(30))};
      counted += static_cast<uint64_t>(records[i].second);
      if (i >= late) window.Look(records[i].first, records[i].second);
    }
    window.Close(at * 1000);
    for (const auto& record : records) {
      told += window.Take(at * 1000 + 1, record.first, record.second);
    }
    CHECK(told <= counted);
    if (records.size() > late) CHECK_EQ(told, counted);
  }
  CHECK(told > 200'000);
}

TEST(window_weights_outside_of_windows) {
  WindowWeights window;
  CHECK_EQ(window.Take(100, 8, 1), 8u);
  window.Begin();
  window.Owe(1000);
  window.BeginLook();
  window.Close(200);
  CHECK_EQ(window.Take(199, 8, 1), 8u);
  window.End(300);
  CHECK_EQ(window.Take(300, 8, 1), 8u);
  // A fault stands for itself, also where nothing is owed.
  window.Begin();
  window.BeginLook();
  window.Look(4, 1);
  window.Look(4, 1);
  window.Close(400);
  CHECK_EQ(window.Take(400, 4, 1), 1u);
  CHECK_EQ(window.Take(401, 4, 1), 1u);
}

TEST(finished_after_it_was_left) {
  // A signal interrupts it; its handler takes a fault; then the same access is tried again.
  Bench bench;
  bench.TakesFinished();
  bench.Feed(Finished(Fault(2000, 2500, 0x5000, kBpfLeft)));
  BpfFault other = Fault(2500, 2600, 0x9000);
  other.ip = 0x405000;
  bench.Feed(Finished(other));
  CHECK_EQ(bench.counters().interrupted, 1u);
  bench.Feed(Finished(Fault(3000, 3400, 0x5000)));
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 2u);
  CHECK_EQ(seen.faults.at(0).latency, 100.0);
  CHECK_EQ(seen.faults.at(1).latency, -1.0);  // since when is not known
  CHECK_EQ(bench.counters().retried, 1u);
  CHECK_EQ(bench.counters().interrupted, 0u);
}

TEST(finished_of_a_thread_whose_birth_was_lost) {
  Bench bench;
  bench.TakesFinished();
  BpfFault fault = Fault(2000, 2100, 0x5000);
  fault.pid = 900;
  fault.tid = 901;
  bench.Feed(Finished(fault));
  fault.listed = 0;
  fault.pid = fault.tid = 950;
  bench.Feed(Finished(fault));
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 1u);
  CHECK_EQ(seen.faults.at(0).tid, 901u);
  CHECK_EQ(bench.counters().foreign, 1u);
}

TEST(finished_of_a_thread_that_has_ended) {
  Bench bench;
  bench.TakesFinished();
  bench.Ends(2000);
  bench.Feed(Finished(Fault(1900, 2100, 0x5000, kBpfLeft)));
  CHECK_EQ(bench.pairer().threads().size(), 0u);
}

TEST(finished_with_its_stack) {
  Bench bench;
  bench.TakesFinished();
  BpfFault fault = Fault(2000, 2500, 0x5000);
  fault.stack_every = 7;
  bench.Feed(FinishedWithChain(fault, {PERF_CONTEXT_USER, 0x401000, 0x402000}));
  bench.Feed(Finished(Fault(3000, 3500, 0x5000)));
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 2u);
  CHECK_EQ(seen.faults.at(0).time, 2500.0 - kStart);
  CHECK_EQ(seen.faults.at(0).latency, 500.0);
  CHECK_EQ(seen.faults.at(0).weight, 1u);
  CHECK_EQ(seen.records.size(), 1u);
  CHECK_EQ(seen.records.at(0).count, 7.0);
  CHECK_EQ(seen.records.at(0).name.size(), 16u);
  CHECK_EQ(bench.counters().stacks, 1u);
  CHECK_EQ(bench.pairer().stack_periods().taken(), 1u);
}

TEST(finished_by_a_signal_with_its_stack) {
  Bench bench;
  bench.TakesFinished();
  BpfFault fault = Fault(2000, 2500, 0x5000, kBpfSignal);
  fault.signal_code = 1;
  fault.stack_every = 1;
  bench.Feed(FinishedWithChain(fault, {PERF_CONTEXT_USER, 0x401000}));
  CHECK_EQ(bench.Seen().records.size(), 1u);
  CHECK_EQ(bench.counters().unresolved, 1u);
}

TEST(finished_with_a_copy_of_its_stack) {
  Bench bench;
  bench.TakesFinished();
  BpfFault fault = Fault(2000, 2500, 0x5000);
  fault.stack_every = 1;
  bench.Feed(FinishedWithCopy(fault, PERF_SAMPLE_REGS_ABI_64, 16, 12));
  // Of a thread of 32 bits the fault alone.
  fault.entered = 3000;
  fault.time = 3500;
  bench.Feed(FinishedWithCopy(fault, PERF_SAMPLE_REGS_ABI_32, 16, 12));
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 2u);
  CHECK_EQ(seen.records.size(), 1u);
  CHECK_EQ(bench.counters().stacks, 1u);
}

TEST(finished_of_a_sample_with_its_stack) {
  // Each of three that have records stands for a hundred.
  Bench bench;
  bench.TakesSamples();
  BpfFault fault = Fault(2000, 2500, 0x5000);
  fault.weight = fault.counted = 100;
  fault.stack_every = 3;
  bench.Feed(FinishedWithChain(fault, {PERF_CONTEXT_USER, 0x401000}));
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.at(0).weight, 100u);
  CHECK_EQ(seen.records.at(0).count, 300.0);
}

TEST(finished_with_a_stack_that_cannot_be) {
  Bench bench;
  bench.TakesFinished();
  BpfFault fault = Fault(2000, 2500, 0x5000);
  bench.Feed(FinishedWithChain(fault, {}));  // stands for nothing
  fault.stack_every = 1;
  bench.Feed(FinishedWithChain(fault, {}, 52));  // too short
  fault.ending = kBpfCounted;
  bench.Feed(FinishedWithChain(fault, {}));
  CHECK_EQ(bench.counters().malformed, 3u);
  CHECK(bench.Seen().faults.empty());
}

TEST(finished_of_a_sample) {
  Bench bench;
  bench.TakesSamples();
  BpfFault fault = Fault(2000, 2750, 0x5000);
  fault.weight = 100;
  fault.counted = 93;
  bench.Feed(Finished(fault, 52));
  BpfFault rest = {};
  rest.time = 4000;
  rest.pid = rest.tid = kPid;
  rest.ending = kBpfCounted;
  rest.counted = 41;
  bench.Feed(Finished(rest, 52));
  // A walk and the thread have told of the same ones.
  bench.pairer().OnCounted(kPid, kPid, -4, true, 5000);
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 1u);
  CHECK_EQ(seen.faults.at(0).weight, 100u);
  CHECK_EQ(seen.faults.at(0).counted, 93u);
  CHECK_EQ(seen.records.size(), 2u);
  CHECK_EQ(seen.records.at(0).type, 17);
  CHECK_EQ(seen.records.at(0).count, 41.0);
  CHECK_EQ(seen.records.at(1).count, -4.0);
  CHECK_EQ(bench.counters().minor, 130u);
  // What comes without weight stands for itself.
  bench.Feed(Finished(Fault(6000, 6100, 0x5000)));
  CHECK_EQ(bench.counters().malformed, 1u);
}

TEST(finished_counts_nobody_of_others) {
  Bench bench;
  bench.TakesSamples();
  bench.pairer().OnCounted(900, 900, 12, false, 5000);
  CHECK_EQ(bench.counters().minor, 0u);
  CHECK(bench.Seen().records.empty());
}

TEST(finished_too_short) {
  Bench bench;
  bench.TakesFinished();
  bench.Feed(Finished(Fault(2000, 2500, 0x5000), 36));
  CHECK_EQ(bench.counters().malformed, 1u);
}

}  // namespace test
}  // namespace pagefault
