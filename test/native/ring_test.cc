// The ring: wrap-around at every offset, lying sizes and heads, and a writer on another thread.

#include <sched.h>

#include <atomic>
#include <thread>

#include "check.h"
#include "fake_ring.h"

namespace pagefault {
namespace test {
namespace {

// A record of `size` bytes whose content tells its number.
Bytes Numbered(uint64_t number, size_t size) {
  Bytes out = Header(PERF_RECORD_SAMPLE, 0);
  uint64_t words[32];
  const size_t count = (size - out.size()) / sizeof(words[0]);
  CHECK(count <= sizeof(words) / sizeof(words[0]));
  for (size_t i = 0; i < count; i++) words[i] = number * 1000003 + i;
  Append(&out, words, count * sizeof(words[0]));
  return Finish(out);
}

bool Next(Ring& ring, Bytes* out) {
  size_t length;
  const uint8_t* bytes = ring.Peek(&length);
  if (bytes == nullptr) return false;
  out->assign(bytes, bytes + length);
  // Looking twice gives the same: the merger peeks for the time, then again to hand on.
  size_t again;
  CHECK(ring.Peek(&again) == bytes);
  CHECK_EQ(again, length);
  ring.Pop();
  return true;
}

}  // namespace

TEST(ring_wraps_at_every_offset) {
  constexpr size_t kSize = 256;
  for (uint64_t start = 0; start < kSize; start += 8) {
    for (size_t size = 8; size <= kSize; size += 8) {
      FakeRing fake(kSize, start);
      Ring ring = fake.Reader();
      const Bytes record = Numbered(start + size, size);
      CHECK(fake.Write(record));
      ring.LoadHead();
      Bytes seen;
      CHECK(Next(ring, &seen));
      CHECK(seen == record);
      CHECK(!Next(ring, &seen));
      CHECK(ring.empty());
      CHECK_EQ(ring.malformed(), 0u);
    }
  }
}

TEST(ring_positions_beyond_32_bits_and_at_the_end_of_64) {
  for (uint64_t start : {uint64_t{1} << 32, (uint64_t{1} << 40) - 16, uint64_t{0} - 48}) {
    FakeRing fake(256, start);
    Ring ring = fake.Reader();
    for (uint64_t i = 0; i < 20; i++) {
      const Bytes record = Numbered(i, 40);
      CHECK(fake.Write(record));
      ring.LoadHead();
      Bytes seen;
      CHECK(Next(ring, &seen));
      CHECK(seen == record);
      ring.Publish();
    }
    CHECK_EQ(ring.malformed(), 0u);
  }
}

TEST(ring_sizes_that_lie) {
  // 48 bytes are written behind a good record; the header claims another size.
  for (uint16_t lie : {0, 1, 7, 9, 12, 47, 56, 256, 65528, 65535}) {
    FakeRing fake(256, 192);
    Ring ring = fake.Reader();
    const Bytes good = Numbered(1, 40);
    Bytes bad = Numbered(2, 48);
    PutAt(&bad, 6, lie);
    CHECK(fake.Write(good));
    CHECK(fake.Write(bad));
    ring.LoadHead();
    Bytes seen;
    CHECK(Next(ring, &seen));
    CHECK(seen == good);
    CHECK(!Next(ring, &seen));
    CHECK_EQ(ring.malformed(), 1u);
    // The rest of this pass is skipped, and the ring lives on.
    ring.Publish();
    CHECK_EQ(fake.control().data_tail, fake.control().data_head);
    CHECK(fake.Write(good));
    ring.LoadHead();
    CHECK(Next(ring, &seen));
    CHECK(seen == good);
    CHECK_EQ(ring.malformed(), 1u);
  }
}

TEST(ring_heads_that_lie) {
  for (int64_t jump : {-8, -64, -4096, 257, 264, 4096, 3, -5, 1 << 30}) {
    FakeRing fake(256, 4096);
    Ring ring = fake.Reader();
    fake.control().data_head += static_cast<uint64_t>(jump);
    ring.LoadHead();
    Bytes seen;
    Next(ring, &seen);
    CHECK(ring.malformed() > 0);
    CHECK(ring.empty());
    // The next honest record, wherever the head is now, must not lead out of the data.
    fake.control().data_head += 16;
    ring.LoadHead();
    while (Next(ring, &seen)) CHECK(seen.size() <= 16);
  }
}

TEST(ring_random_control_words_stay_in_bounds) {
  // The head and all data are random: the heap's red zones are right behind the data.
  Random random(7);
  FakeRing fake(512);
  Ring ring = fake.Reader();
  for (int i = 0; i < Rounds(100000); i++) {
    for (size_t at = 0; at + 8 <= fake.data().size(); at += 8) {
      if (random.Below(4) == 0) {
        // Sizes small enough to be believed now and then.
        PutAt(&fake.data(), at, (random.Below(80) << 48) | (random.Next() >> 16));
      }
    }
    fake.control().data_head += random.Below(8) == 0 ? random.Next() : random.Below(520);
    ring.LoadHead();
    size_t length;
    uint64_t sum = 0;
    while (const uint8_t* bytes = ring.Peek(&length)) {
      for (size_t b = 0; b < length; b++) sum += bytes[b];
      ring.Pop();
    }
    CHECK(sum != 1);  // keeps the reads
    ring.Publish();
  }
}

TEST(ring_gives_space_back_at_publish_only) {
  FakeRing fake(256);
  Ring ring = fake.Reader();
  CHECK(fake.Write(Numbered(1, 128)));
  CHECK(fake.Write(Numbered(2, 128)));
  CHECK(!fake.Write(Numbered(3, 8)));
  ring.LoadHead();
  Bytes seen;
  CHECK(Next(ring, &seen));
  CHECK(!fake.Write(Numbered(3, 8)));
  ring.Publish();
  CHECK_EQ(fake.control().data_tail, 128u);
  CHECK(fake.Write(Numbered(3, 128)));
  // What came after LoadHead is not seen before the next.
  CHECK(Next(ring, &seen));
  CHECK(!Next(ring, &seen));
  ring.LoadHead();
  CHECK(Next(ring, &seen));
  CHECK(seen == Numbered(3, 128));
}

TEST(ring_tells_when_records_may_be_missing) {
  FakeRing fake(4096);
  Ring ring = fake.Reader();
  ring.LoadHead();
  CHECK(!ring.full());
  uint64_t written = 0;
  while (fake.Write(Numbered(written, 88))) written++;
  CHECK(ring.full());  // also when it filled up after it was looked at
  ring.LoadHead();
  CHECK(ring.full());
  Bytes seen;
  while (Next(ring, &seen)) {
  }
  CHECK(ring.full());  // the writer has not got the space back
  ring.Publish();
  CHECK(!ring.full());
  CHECK(ring.TakeFilled());
  CHECK(!ring.TakeFilled());
  // It fills up while its reader is at work, and has room again when that is over.
  CHECK(fake.Write(Numbered(written, 88)));
  ring.LoadHead();
  CHECK(Next(ring, &seen));
  ring.Publish();
  CHECK(!ring.TakeFilled());
  while (fake.Write(Numbered(written, 88))) written++;
  ring.LoadHead();
  while (Next(ring, &seen)) {
  }
  ring.Publish();  // as the merger does in the midst of a pass
  ring.Publish();
  CHECK(!ring.full());
  CHECK(ring.TakeFilled());
}

TEST(ring_second_reader_consumes_nothing) {
  FakeRing fake(256);
  Ring ring = fake.Reader();
  for (uint64_t i = 0; i < 5; i++) CHECK(fake.Write(Numbered(i, 40)));
  Bytes seen;
  {
    Ring reader = ring.Reader();
    reader.LoadHead();
    for (uint64_t i = 0; i < 5; i++) {
      CHECK(Next(reader, &seen));
      CHECK(seen == Numbered(i, 40));
    }
  }
  CHECK_EQ(fake.control().data_tail, 0u);
  ring.LoadHead();
  for (uint64_t i = 0; i < 5; i++) {
    CHECK(Next(ring, &seen));
    CHECK(seen == Numbered(i, 40));
  }
}

TEST(ring_moves_with_its_position) {
  FakeRing fake(256, 232);
  Ring first = fake.Reader();
  CHECK(fake.Write(Numbered(1, 40)));
  CHECK(fake.Write(Numbered(2, 40)));
  first.LoadHead();
  size_t length;
  CHECK(first.Peek(&length) != nullptr);  // wrapped: in the scratch block, which moves along
  Ring second(std::move(first));
  Bytes seen;
  CHECK(Next(second, &seen));
  CHECK(seen == Numbered(1, 40));
  Ring third;
  third = std::move(second);
  CHECK(Next(third, &seen));
  CHECK(seen == Numbered(2, 40));
}

TEST(ring_writer_on_another_thread) {
  // Small, so that it wraps and fills all the time.
  constexpr uint64_t kRecords = 200000;
  FakeRing fake(4096);
  Ring ring = fake.Reader();
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    Random random(3);
    for (uint64_t i = 0; i < kRecords; i++) {
      const Bytes record = Numbered(i, 16 + 8 * random.Below(12));
      while (!fake.Write(record)) {
        if (stop) return;
        sched_yield();
      }
    }
  });
  Random random(3);
  Bytes seen;
  uint64_t next = 0;
  bool right = true;
  while (next < kRecords && right) {
    ring.LoadHead();
    bool any = false;
    while (right && Next(ring, &seen)) {
      any = true;
      right = seen == Numbered(next, 16 + 8 * random.Below(12));
      next++;
    }
    ring.Publish();
    if (!any) sched_yield();
  }
  CHECK(right);
  stop = true;
  writer.join();
  CHECK_EQ(next, kRecords);
  CHECK_EQ(ring.malformed(), 0u);
}

}  // namespace test
}  // namespace pagefault
