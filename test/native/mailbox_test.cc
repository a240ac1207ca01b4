// The mailbox: nothing is lost without being counted, records have their reserve, and the reader
// sees exactly the rows that went in, in their order.

#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "check.h"
#include "mailbox_rows.h"
#include "reader.h"

namespace pagefault {
namespace test {
namespace {

// One batch in C++ and in TypeScript: the sum of the columns as core/wire/batch.ts lays them out.
static_assert(kBatchBytes == 64 + 16384 * (2 * 8 + 8 * 4 + 2 + 1 + 1) +
                                 8192 * (8 * 8 + 13 * 4 + 1) + 512 * 1024,
              "columns of a multiple of 8 rows need no padding");

RecordRow Note(uint64_t number, const std::string* name = nullptr) {
  RecordRow row{RecordType::kComm};
  row.time = number;
  row.pid = 5;
  if (name != nullptr) {
    row.name = name->data();
    row.name_length = name->size();
  }
  return row;
}
// Bytes of memory that this process has.
size_t Resident() {
  size_t size = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

TEST(mailbox_is_crowded_from_half_on) {
  Mailbox mailbox(2);  // and as many for records alone
  BatchReader reader;
  const auto fill = [&] {
    mailbox.Add(Fault(1));
    mailbox.Flush(1, true);
  };
  CHECK(!mailbox.crowded());
  fill();
  CHECK(!mailbox.crowded());
  fill();
  CHECK(mailbox.crowded());
  SeenBatch batch;
  CHECK(reader.Take(mailbox, &batch));
  CHECK(!mailbox.crowded());
}

TEST(mailbox_rows_come_out_as_they_went_in) {
  Mailbox mailbox(2);
  mailbox.Add(Fault(7, kFlagMaj | kFlagKernel));
  const std::string name("a\0b/\xff", 5);
  RecordRow row{RecordType::kMmap};
  row.time = 9;
  row.pid = 1;
  row.tid = 2;
  row.start = 4503599627370495;  // the last page of 64 bits
  row.end = 2;
  row.pgoff = 3;
  row.new_start = 4;
  row.new_end = 5;
  row.prot = 6;
  row.flags = 7;
  row.dev_major = 8;
  row.dev_minor = 9;
  row.ino = 0xfedcba9876543210;
  row.name = name.data();
  row.name_length = name.size();
  mailbox.Add(row);
  mailbox.Add(Fault(8));
  CHECK(mailbox.Flush(1234, false));
  BatchReader reader;
  SeenBatch batch;
  CHECK(reader.Take(mailbox, &batch));
  CHECK_EQ(batch.horizon, 1234.0);
  CHECK_EQ(batch.faults.size(), 2u);
  const SeenFault& fault = batch.faults.at(0);
  CHECK_EQ(fault.time, 7.0);
  CHECK_EQ(fault.latency, 8.0);
  CHECK_EQ(fault.address, 7 * uint64_t{0x100000001});
  CHECK_EQ(fault.ip, ~(7 * uint64_t{0x100000001}));
  CHECK_EQ(fault.pid, 9u);
  CHECK_EQ(fault.tid, 10u);
  CHECK_EQ(fault.error_code, 7);
  CHECK_EQ(fault.flags, kFlagMaj | kFlagKernel);
  CHECK_EQ(fault.signal, 21);
  CHECK_EQ(batch.records.size(), 1u);
  const SeenRecord& seen = batch.records.at(0);
  CHECK_EQ(seen.type, 1);
  CHECK_EQ(seen.at, 1u);  // one fault came before it
  CHECK_EQ(seen.time, 9.0);
  CHECK_EQ(seen.start, 4503599627370495.0);
  CHECK_EQ(seen.end + 10 * seen.pgoff + 100 * seen.new_start + 1000 * seen.new_end, 5432.0);
  CHECK_EQ(seen.pid, 1u);
  CHECK_EQ(seen.tid, 2u);
  CHECK_EQ(seen.prot, 6u);
  CHECK_EQ(seen.flags, 7u);
  CHECK_EQ(seen.dev_major, 8u);
  CHECK_EQ(seen.dev_minor, 9u);
  CHECK_EQ(seen.ino, 0xfedcba9876543210u);
  CHECK(seen.name == name);
  CHECK(!reader.Take(mailbox, &batch));
}

TEST(mailbox_a_short_buffer_is_refused) {
  Mailbox mailbox(1);
  mailbox.Add(Fault(1));
  mailbox.Flush(0, true);
  std::vector<uint8_t> small(kBatchBytes - 1);
  CHECK(!mailbox.Take(small.data(), small.size()));
  BatchReader reader;
  SeenBatch batch;
  CHECK(reader.Take(mailbox, &batch));
}

TEST(mailbox_drops_are_counted_by_completion) {
  Mailbox mailbox(2);
  uint64_t added = 0;
  while (added < 4 * kFaultCapacity) mailbox.Add(Fault(added++));
  CHECK_EQ(mailbox.drops().minor, 2 * uint64_t{kFaultCapacity});
  for (int i = 0; i < 3; i++) mailbox.Add(Fault(0, kFlagMaj | kFlagEntry));
  for (int i = 0; i < 5; i++) mailbox.Add(Fault(0, kFlagNone | kFlagEntry));
  CHECK_EQ(mailbox.drops().major, 3u);
  CHECK_EQ(mailbox.drops().unresolved, 5u);
  CHECK_EQ(mailbox.drops().records, 0u);
  mailbox.Flush(0, true);
  BatchReader reader;
  const SeenBatch all = reader.All(mailbox);
  CHECK_EQ(all.faults.size(), 2 * size_t{kFaultCapacity});
  for (size_t i = 0; i < all.faults.size(); i++) CHECK_EQ(all.faults[i].time, double(i));
  // Emptied, it takes faults again.
  mailbox.Add(Fault(42));
  mailbox.Flush(0, true);
  CHECK_EQ(reader.All(mailbox).faults.size(), 1u);
}

TEST(mailbox_records_have_their_reserve) {
  Mailbox mailbox(2);
  while (mailbox.drops().minor == 0) mailbox.Add(Fault(0));
  // Two batches for records alone, and still no fault goes in between.
  for (uint32_t i = 0; i < 2 * kRecordCapacity; i++) {
    mailbox.Add(Note(i));
    mailbox.Add(Fault(0));
  }
  CHECK_EQ(mailbox.drops().records, 0u);
  CHECK_EQ(mailbox.drops().minor, 1u + 2 * kRecordCapacity);
  for (int i = 0; i < 10; i++) mailbox.Add(Note(9000));
  CHECK_EQ(mailbox.drops().records, 10u);
  mailbox.Flush(0, true);

  BatchReader reader;
  SeenBatch all = reader.All(mailbox);
  CHECK_EQ(all.records.size(), 2 * size_t{kRecordCapacity});
  CHECK_EQ(all.faults.size(), 2 * size_t{kFaultCapacity});
  // The next record is told first that some are missing: the maps must be read again.
  mailbox.Add(Note(9001));
  mailbox.Flush(0, true);
  all = reader.All(mailbox);
  CHECK_EQ(all.records.size(), 2u);
  CHECK_EQ(all.records.at(0).type, 8);  // LOST
  CHECK_EQ(all.records.at(0).flags, 1u);
  CHECK_EQ(all.records.at(0).count, 10.0);
  CHECK_EQ(all.records.at(1).time, 9001.0);
}

TEST(mailbox_faults_return_when_the_reader_has_made_room) {
  Mailbox mailbox(4);
  while (mailbox.drops().minor == 0) mailbox.Add(Fault(0));
  mailbox.Add(Note(1));  // opens a batch of the reserve
  mailbox.Add(Fault(0));
  CHECK_EQ(mailbox.drops().minor, 2u);
  // One of four batches is read, the queue is not empty: that is room enough.
  BatchReader reader;
  SeenBatch batch;
  CHECK(reader.Take(mailbox, &batch));
  mailbox.Add(Fault(77));
  CHECK_EQ(mailbox.drops().minor, 2u);
  // The reserve is whole again all the same: two batches of records fit.
  for (uint32_t i = 1; i < 2 * kRecordCapacity; i++) mailbox.Add(Note(2));
  CHECK_EQ(mailbox.drops().records, 0u);
}

TEST(mailbox_names_fill_batches_too) {
  Mailbox mailbox(8);
  const std::string name(64000, 'x');
  for (uint64_t i = 0; i < 20; i++) mailbox.Add(Note(i, &name));
  mailbox.Flush(0, true);
  BatchReader reader;
  const SeenBatch all = reader.All(mailbox);
  CHECK_EQ(all.records.size(), 20u);
  for (size_t i = 0; i < all.records.size(); i++) {
    CHECK_EQ(all.records[i].time, double(i));
    CHECK(all.records[i].name == name);
  }
}

TEST(mailbox_a_lost_record_that_fills_a_batch) {
  // The LOST note takes the last place for records: what it announces goes into the next batch.
  Mailbox mailbox(1);
  const std::string name(65535, 'x');
  while (mailbox.drops().records == 0) mailbox.Add(Note(0, &name));
  BatchReader reader;
  reader.All(mailbox);
  for (uint32_t i = 0; i < kRecordCapacity; i++) mailbox.Add(Note(i));
  mailbox.Flush(0, true);
  const SeenBatch all = reader.All(mailbox);
  CHECK_EQ(all.records.size(), size_t{kRecordCapacity} + 1);
  CHECK_EQ(all.records.at(0).type, 8);
  CHECK_EQ(all.records.back().time, double(kRecordCapacity - 1));
}

TEST(mailbox_no_small_batches_for_a_slow_reader) {
  Mailbox mailbox(4);
  mailbox.Add(Fault(0));
  CHECK(mailbox.Flush(10, false));  // the reader waits: handed on at once
  CHECK(!mailbox.untaken());
  for (uint64_t i = 1; i <= 50; i++) {
    mailbox.Add(Fault(i));
    CHECK(mailbox.Flush(10 + i, false));  // true: something waits, if not this
    CHECK(mailbox.untaken());
  }
  BatchReader reader;
  SeenBatch batch;
  CHECK(reader.Take(mailbox, &batch));
  CHECK_EQ(batch.faults.size(), 1u);
  CHECK(!reader.Take(mailbox, &batch));
  CHECK(mailbox.Flush(100, false));
  CHECK(!mailbox.untaken());
  CHECK(reader.Take(mailbox, &batch));
  CHECK_EQ(batch.faults.size(), 50u);
  CHECK_EQ(batch.horizon, 100.0);
  CHECK(!mailbox.Flush(200, false));  // nothing new, nothing to wake for
  CHECK(!mailbox.Flush(300, true));
}

TEST(mailbox_what_fills_up_within_a_pass_is_not_untaken) {
  Mailbox mailbox(4);
  for (uint32_t i = 0; i <= kFaultCapacity; i++) mailbox.Add(Fault(i));
  CHECK(mailbox.Flush(10, false));
  CHECK(!mailbox.untaken());
  CHECK(mailbox.Flush(20, false));
  CHECK(mailbox.untaken());
}

TEST(mailbox_horizon_of_a_full_batch_is_the_last_pass) {
  // Handed on in the middle of a pass: what the pass will reach is not reached yet.
  Mailbox mailbox(4);
  mailbox.Add(Fault(0));
  mailbox.Flush(500, false);
  for (uint32_t i = 0; i <= kFaultCapacity; i++) mailbox.Add(Fault(600 + i));
  BatchReader reader;
  SeenBatch batch;
  CHECK(reader.Take(mailbox, &batch));
  CHECK(reader.Take(mailbox, &batch));
  CHECK_EQ(batch.faults.size(), size_t{kFaultCapacity});
  CHECK_EQ(batch.horizon, 500.0);
}

TEST(mailbox_batches_of_a_burst_give_their_memory_back) {
  constexpr uint64_t kSecond = 1'000'000'000;
  constexpr size_t kBatches = 32;
  // Of most of them, and of what the layout above says of their faults.
  constexpr size_t kMuch = (kBatches - 4) * kFaultCapacity * 52;
  Mailbox mailbox(kBatches);
  const std::unique_ptr<uint8_t[]> buffer(new uint8_t[kBatchBytes]());
  const auto fill = [&](uint64_t horizon) {
    for (uint64_t i = 0; i < kBatches * kFaultCapacity; i++) mailbox.Add(Fault(i));
    mailbox.Flush(horizon, true);
  };
  const auto empty = [&] {
    size_t batches = 0;
    while (mailbox.Take(buffer.get(), kBatchBytes)) batches++;
    return batches;
  };
  fill(1);
  // How much more that is than before is not known: what lies there may have been in use already.
  const size_t full = Resident();
  CHECK_EQ(empty(), kBatches);
  // Within the second in which they were needed they stay.
  mailbox.Flush(kSecond, true);
  CHECK(Resident() + kMuch > full);
  mailbox.Flush(2 * kSecond, true);
  CHECK(Resident() < full - kMuch);
  // They hold as much as before.
  fill(2 * kSecond + 1);
  BatchReader reader;
  SeenBatch batch;
  uint64_t next = 0;
  while (reader.Take(mailbox, &batch)) {
    for (const SeenFault& fault : batch.faults) CHECK_EQ(fault.address, next++ * 0x100000001);
  }
  CHECK_EQ(next, kBatches * kFaultCapacity);
  CHECK_EQ(mailbox.drops().minor, 0u);
}

TEST(mailbox_two_threads) {
  // A reader that is sometimes slow; what arrives and what was dropped is everything, in order.
  constexpr uint64_t kFaults = 1000000;
  Mailbox mailbox(4);
  std::atomic<bool> done{false};
  MailboxDrops drops;
  std::thread writer([&] {
    for (uint64_t i = 0; i < kFaults; i++) {
      mailbox.Add(Fault(i));
      if (i % 100 == 0) mailbox.Add(Note(i));
      // A millisecond each: unused batches rest a hundred times.
      if (i % 1000 == 0) mailbox.Flush(i * 100'000, false);
      if (i % 100000 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    mailbox.Flush(kFaults * 100'000, true);
    drops = mailbox.drops();
    done = true;
  });
  BatchReader reader;
  SeenBatch batch;
  uint64_t faults = 0, notes = 0;
  double last = -1, horizon = 0;
  Random random(5);
  for (;;) {
    const bool over = done;
    while (reader.Take(mailbox, &batch)) {
      for (const SeenFault& fault : batch.faults) {
        CHECK(fault.time > last && fault.latency == fault.time + 1);
        last = fault.time;
      }
      faults += batch.faults.size();
      for (const SeenRecord& record : batch.records) notes += record.type == 2;
      CHECK(batch.horizon >= horizon);
      horizon = batch.horizon;
      if (random.Below(4) == 0) std::this_thread::sleep_for(std::chrono::milliseconds(3));
    }
    if (over) break;
    sched_yield();
  }
  writer.join();
  CHECK_EQ(faults + drops.minor, kFaults);
  CHECK_EQ(notes + drops.records, kFaults / 100);
}

}  // namespace test
}  // namespace pagefault
