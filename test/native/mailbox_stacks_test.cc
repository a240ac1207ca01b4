// The mailbox: call stacks that go with their faults.

#include <cstring>
#include <string>

#include "check.h"
#include "mailbox_rows.h"
#include "reader.h"

namespace pagefault {
namespace test {

TEST(mailbox_stacks_share_a_batch_with_their_faults) {
  Mailbox mailbox(4);
  BatchReader reader;
  std::string chain(8 * 127, 'x');
  RecordRow stack{RecordType::kStack};
  // More names than a batch has room for, each stack another one.
  constexpr uint64_t kCount = 1500;
  for (uint64_t i = 0; i < kCount; i++) {
    memcpy(&chain[0], &i, sizeof i);
    stack.count = i;
    stack.name = chain.data();
    stack.name_length = chain.size();
    mailbox.AddWithStack(Fault(i), stack);
  }
  mailbox.Flush(0, true);
  uint64_t seen = 0;
  SeenBatch batch;
  while (reader.Take(mailbox, &batch)) {
    CHECK_EQ(batch.faults.size(), batch.records.size());
    for (const SeenRecord& record : batch.records) {
      uint64_t number;
      memcpy(&number, record.name.data(), sizeof number);
      CHECK_EQ(number, seen);
      CHECK_EQ(record.name.size(), chain.size());
      CHECK_EQ(batch.faults.at(record.at).time, static_cast<double>(seen));
      seen++;
    }
    batch = SeenBatch();
  }
  CHECK_EQ(seen, kCount);
  CHECK_EQ(mailbox.drops().minor, 0u);
}

TEST(mailbox_the_same_stack_again_takes_no_room) {
  Mailbox mailbox(4);
  BatchReader reader;
  const std::string chain(8 * 127, 'x');
  RecordRow stack{RecordType::kStack};
  stack.name = chain.data();
  stack.name_length = chain.size();
  for (uint64_t i = 0; i < 8000; i++) mailbox.AddWithStack(Fault(i), stack);
  mailbox.Flush(0, true);
  SeenBatch batch;
  CHECK(reader.Take(mailbox, &batch));
  CHECK_EQ(batch.faults.size(), 8000u);
  CHECK(batch.records.back().name == chain);
}

}  // namespace test
}  // namespace pagefault
