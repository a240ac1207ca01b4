// Pairing, rule by rule: addon/pair.h, the classes' contract and the measured facts of the kernel.

#include "pair.h"

#include <sys/mman.h>

#include <algorithm>

#include "bytes.h"
#include "check.h"
#include "reader.h"

namespace pagefault {
namespace test {
namespace {

constexpr uint64_t kStart = 1000;
constexpr uint32_t kPid = 100;

// A session on process 100 (thread 100, opened itself), fed by hand.
class Bench {
 public:
  explicit Bench(bool children = true, bool wide = false, bool software = false)
      : formats_(TestFormats({kPid, 150, 300})),
        mailbox_(4),
        pairer_(formats_, mailbox_, kStart, children, wide) {
    formats_.layout.with_ip = software;
    ThreadTable threads;
    threads.Add(kPid, kPid, wide ? 0 : kPid);
    pairer_.Seed(std::move(threads));
  }
  void Feed(const Bytes& record) {
    uint64_t time = RecordTime(record.data(), record.size(), formats_.layout);
    now_ = std::max(now_, time);
    pairer_.Consume(record.data(), record.size(), now_);
  }
  SeenBatch Seen() {
    mailbox_.Flush(0, true);
    return reader_.All(mailbox_);
  }
  const PairCounters& counters() const { return pairer_.counters(); }
  Pairer& pairer() { return pairer_; }
  Thread* thread(uint32_t tid) { return pairer_.threads().Find(tid); }
  void set_now(uint64_t now) { now_ = now; }

  // Shorthands for thread `tid` of the process, with the events of root 100.
  uint32_t pid = kPid, tid = kPid, root = kPid;
  Who At(uint64_t time, uint64_t event) const { return {pid, tid, time, IdOf(event, root)}; }
  void User(uint64_t time, uint64_t address, uint64_t code = 6, uint64_t sp = 0) {
    Feed(FaultEntry(At(time, kUserId), true, address, 0x401000, code, sp));
  }
  void Kernel(uint64_t time, uint64_t address, uint64_t code = 2) {
    Feed(FaultEntry(At(time, kKernelId), false, address, 0x402000, code));
  }
  void Min(uint64_t time, uint64_t address, bool user = true) {
    Feed(Minor(At(time, kMinorId), address, user));
  }
  void Maj(uint64_t time, uint64_t address, bool user = true) {
    Feed(Major(At(time, kMajorId), address, user));
  }
  void Ends(uint64_t time) { Feed(Exit(At(time, kMinorId))); }

 private:
  Formats formats_;
  Mailbox mailbox_;
  BatchReader reader_;
  Pairer pairer_;
  uint64_t now_ = 0;
};

std::vector<uint8_t> Types(const SeenBatch& batch) {
  std::vector<uint8_t> types;
  for (const SeenRecord& record : batch.records) types.push_back(record.type);
  return types;
}

}  // namespace

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
  CHECK_EQ(minor.how, 1 | 8 | 16);  // MIN, with error code, with entry
  CHECK_EQ(minor.pid, kPid);
  CHECK_EQ(minor.tid, kPid);
  const SeenFault& major = seen.faults.at(1);
  CHECK_EQ(major.latency, 90000.0);
  CHECK_EQ(major.error_code, 0x14);
  CHECK_EQ(major.how, 2 | 8 | 16);
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
  CHECK_EQ(seen.faults.at(0).how, 1 | 4 | 8 | 16);
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
  CHECK_EQ(seen.faults.at(0).how & 4, 0);
  CHECK_EQ(bench.counters().kernel_entries, 2u);
  CHECK_EQ(bench.counters().unresolved, 0u);
}

TEST(pair_unresolved_at_the_next_user_entry) {
  Bench bench;
  bench.User(2000, 0xdead0000, 4);
  bench.User(5000, 0xdead0000, 4);  // the same address again: a handler that changed nothing
  bench.User(6000, 0xb000, 6);
  bench.Min(6100, 0xb000);
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 3u);
  for (size_t i = 0; i < 2; i++) {
    CHECK_EQ(seen.faults.at(i).how, 0 | 8 | 16);
    CHECK_EQ(seen.faults.at(i).address, 0xdead0000u);
    CHECK_EQ(seen.faults.at(i).latency, -1.0);
    CHECK_EQ(seen.faults.at(i).error_code, 4);
  }
  CHECK_EQ(seen.faults.at(0).time, 5000.0 - kStart);
  CHECK_EQ(seen.faults.at(1).time, 6000.0 - kStart);
  CHECK_EQ(bench.counters().unresolved, 2u);
  CHECK_EQ(bench.counters().minor, 1u);
}

TEST(pair_signal_frame_between) {
  // SIGSEGV: the kernel writes the signal frame to a fresh page of the stack before the handler
  // runs. Its entry and completion do not end the user fault, and do not pair with it.
  Bench bench;
  bench.User(2000, 0xdead0000, 4);
  bench.Kernel(2100, 0x7ffc0000);
  bench.Min(2200, 0x7ffc0000, false);
  SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 1u);
  CHECK_EQ(seen.faults.at(0).latency, 100.0);
  CHECK_EQ(bench.counters().unresolved, 0u);
  bench.User(3000, 0xc000);
  seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 1u);
  CHECK_EQ(seen.faults.at(0).how, 8 | 16);
  CHECK_EQ(bench.counters().unresolved, 1u);
  CHECK_EQ(bench.counters().kernel_entries, 0u);
}

TEST(pair_unresolved_at_exit) {
  Bench bench;
  bench.User(2000, 0xdead0000, 4);
  bench.Ends(2500);
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 1u);
  CHECK_EQ(seen.faults.at(0).time, 2500.0 - kStart);
  CHECK_EQ(seen.faults.at(0).how & 3, 0);
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
  CHECK_EQ(seen.faults.at(0).how, 1);  // no entry, no error code
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
  CHECK_EQ(seen.records.at(0).a, 33.0);
  CHECK_EQ(seen.records.at(0).flags, 0u);
  CHECK_EQ(bench.counters().tainted_entries, 1u);
  CHECK_EQ(bench.counters().lost_records, 33u);
  CHECK_EQ(bench.counters().unresolved, 0u);
  // The one after the loss is whole; a tainted one whose completion did come is a fault.
  bench.Feed(Lost(bench.At(3100, kMinorId), 1));
  bench.Min(3200, 0xb000);
  bench.User(4000, 0xc000);
  bench.User(5000, 0xd000);
  seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 2u);
  CHECK_EQ(seen.faults.at(0).latency, 200.0);
  CHECK_EQ(seen.faults.at(1).how & 3, 0);
  CHECK_EQ(bench.counters().unresolved, 1u);
}

TEST(pair_a_full_ring_taints_before_its_loss_is_told) {
  Bench bench;
  bench.User(2000, 0xa000);
  bench.pairer().SuspectUntil(2500);
  bench.User(2600, 0xb000);  // the completion of the first may be among the lost
  CHECK_EQ(bench.Seen().faults.size(), 0u);
  CHECK_EQ(bench.counters().tainted_entries, 1u);
  bench.User(2700, 0xc000);  // what was entered after the gap is whole
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
  bench.pairer().Consume(completion.data(), completion.size(), 2100);
  SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 1u);
  CHECK_EQ(seen.faults.at(0).how, 1 | 8 | 16);  // the entry is known, its length is not
  CHECK_EQ(seen.faults.at(0).latency, -1.0);
  CHECK_EQ(seen.faults.at(0).time, 2100.0 - kStart);  // where it stands in the order
  CHECK_EQ(bench.counters().borrowed_stamps, 1u);
  CHECK_EQ(bench.counters().minor, 1u);
  // The second copy of it is still recognised by its stamp.
  bench.pairer().Consume(completion.data(), completion.size(), 2150);
  CHECK_EQ(bench.counters().minor, 1u);
  CHECK_EQ(bench.counters().duplicates, 1u);
}

TEST(pair_borrowed_entry_has_no_latency) {
  Bench bench(true, false, true);
  Bytes entry = Sample({kPid, kPid, 5, 99999999}, true, true, 0x401234);
  for (const uint64_t word : {0x5000, 1, 1}) Put(&entry, word);
  entry = Finish(entry);
  bench.pairer().Consume(entry.data(), entry.size(), 2000);
  Bytes minor = Sample(bench.At(2100, kMinorId), true, true, 0x401234);
  Put(&minor, uint64_t{0x5000});
  bench.Feed(Finish(minor));
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 1u);
  CHECK_EQ(seen.faults.at(0).latency, -1.0);
  CHECK_EQ(seen.faults.at(0).how, 1 | 16);  // an entry without error code
  CHECK_EQ(seen.faults.at(0).ip, 0x401234u);
  CHECK_EQ(seen.faults.at(0).error_code, 0);
}

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
  CHECK_EQ(seen.records.at(1).a, double(kPid));  // the parent's pid and tid
  CHECK_EQ(seen.records.at(1).b, 101.0);
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

TEST(pair_a_thread_whose_birth_was_lost_is_followed) {
  Bench bench;
  bench.tid = 107;
  bench.User(2000, 0x5000);
  bench.Min(2100, 0x5000);
  bench.pid = 300;
  bench.tid = 300;
  bench.Min(2200, 0x6000);
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.faults.size(), 2u);
  CHECK_EQ(seen.faults.at(0).tid, 107u);
  CHECK_EQ(seen.faults.at(0).latency, 100.0);
  CHECK_EQ(seen.faults.at(1).pid, 300u);
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

TEST(pair_munmap_and_mremap) {
  Bench bench;
  const Who who = {kPid, kPid, 0, 0};
  const auto at = [&](uint64_t time) { return Who{who.pid, who.tid, time, 0}; };
  bench.Feed(SyscallEnter(EventKind::kMunmapEnter, at(2000), {0x7000, 0x1801}));
  bench.Feed(SyscallExit(EventKind::kMunmapExit, at(2100), 0));
  SeenBatch seen = bench.Seen();
  CHECK((Types(seen) == std::vector<uint8_t>{5}));
  CHECK_EQ(seen.records.at(0).a, 7.0);
  CHECK_EQ(seen.records.at(0).b, 9.0);  // a length is rounded up to pages
  CHECK_EQ(seen.records.at(0).c, 2000.0 - kStart);
  CHECK_EQ(seen.records.at(0).time, 2100.0 - kStart);

  bench.Feed(SyscallEnter(EventKind::kMremapEnter, at(3000), {0x7000, 0x1000, 0x3000, 1, 0}));
  bench.Feed(SyscallExit(EventKind::kMremapExit, at(3100), 0x20000));
  seen = bench.Seen();
  CHECK((Types(seen) == std::vector<uint8_t>{6}));
  const SeenRecord& moved = seen.records.at(0);
  CHECK_EQ(moved.a, 7.0);
  CHECK_EQ(moved.b, 8.0);
  CHECK_EQ(moved.c, 3000.0 - kStart);
  CHECK_EQ(moved.d, 32.0);
  CHECK_EQ(moved.e, 35.0);
  CHECK_EQ(moved.flags, 1u);

  bench.Feed(SyscallExit(EventKind::kBrkExit, at(4000), 0x30001));
  seen = bench.Seen();
  CHECK((Types(seen) == std::vector<uint8_t>{7}));
  CHECK_EQ(seen.records.at(0).a, 49.0);
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
  CHECK_EQ(seen.records.at(0).a, 1.0);
  CHECK_EQ(seen.records.at(1).a, 2.0);
  CHECK_EQ(seen.records.at(1).tid, 101u);
}

TEST(pair_mappings_at_the_end_of_the_address_space) {
  Bench bench;
  const Who who = bench.At(2000, kMinorId);
  bench.Feed(Mmap2(who, 0xfffffffffffff000, 0xfff, 0, 5, MAP_PRIVATE, "[vsyscall]"));
  bench.Feed(Mmap2(who, 0x7f0000000000, 0x2000, 0x5000, 3, MAP_SHARED, "/a b"));
  const SeenBatch seen = bench.Seen();
  CHECK_EQ(seen.records.at(0).a, 4503599627370495.0);
  CHECK_EQ(seen.records.at(0).b, 4503599627370496.0);  // 2^52 pages: not wrapped to 0
  const SeenRecord& shared = seen.records.at(1);
  CHECK_EQ(shared.b - shared.a, 2.0);
  CHECK_EQ(shared.c, 5.0);
  CHECK_EQ(shared.prot, 3u);
  CHECK_EQ(shared.flags, uint32_t{MAP_SHARED});
  CHECK_EQ(shared.ino, 77u);
  CHECK_EQ(shared.dev_major, 8u);
  CHECK_EQ(shared.dev_minor, 1u);
  CHECK(shared.name == "/a b");
}

TEST(pair_stack_pointers_are_reported_rarely) {
  Bench bench;
  constexpr uint64_t kStack = 0x7f5500000000;
  const auto fault = [&](uint64_t time, uint64_t sp) {
    bench.User(time, 0x5000, 6, sp);
    bench.Min(time + 1, 0x5000);
  };
  fault(2000, kStack);
  fault(2010, kStack - 4096 * 100);  // moves within its stack: known
  SeenBatch seen = bench.Seen();
  CHECK((Types(seen) == std::vector<uint8_t>{9}));
  CHECK_EQ(seen.records.at(0).a, double(kStack >> 12));
  // A scheduler of coroutines jumps between stacks all the time: capped.
  for (uint64_t i = 0; i < 1000; i++) fault(3000 + 10 * i, kStack + (i % 2) * (64 << 20));
  seen = bench.Seen();
  CHECK(seen.records.size() < 10);
  CHECK_EQ(seen.faults.size(), 1000u);
}

TEST(pair_malformed_records_are_counted) {
  Bench bench;
  Bytes entry = FaultEntry(bench.At(2000, kUserId), true, 0x5000, 0x401000, 6);
  PutAt(&entry, 32, uint32_t{0xffffff});
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
  for (int round = 0; round < 200; round++) {
    Bench bench(random.Below(2) != 0);
    uint64_t completions = 0, entries = 0, paired = 0, unresolved = 0, faults = 0;
    uint64_t time = 2000;
    for (int i = 0; i < 500; i++) {
      time += 1 + random.Below(3);
      bench.tid = kPid + static_cast<uint32_t>(random.Below(4));
      const uint64_t page = random.Below(3) << 12;
      switch (random.Below(8)) {
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
        default:
          if (random.Below(4) == 0) bench.Ends(time);
      }
    }
    for (const SeenFault& fault : bench.Seen().faults) {
      faults++;
      if ((fault.how & 3) == 0) {
        unresolved++;
      } else if ((fault.how & 16) != 0 && fault.ip == 0x401000) {
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
    CHECK_EQ(paired + unresolved + counters.tainted_entries + open, entries);
  }
}

}  // namespace test
}  // namespace pagefault
