// Layouts from attributes, against records as perf_event_open(2) draws them.

#include "check.h"
#include "session_events.h"

namespace pagefault {
namespace test {
namespace {

perf_event_attr Asking(uint64_t sample_type) {
  perf_event_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.sample_type = PERF_SAMPLE_IDENTIFIER | sample_type;
  attr.sample_id_all = 1;
  return attr;
}

constexpr uint64_t kEverythingFixed = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
                                      PERF_SAMPLE_ADDR | PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID |
                                      PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD;

}  // namespace

TEST(layout_of_the_parts_of_fixed_length) {
  SampleLayout layout = LayoutOf(Asking(PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR));
  CHECK_EQ(layout.ip, 0);
  CHECK_EQ(layout.thread, 16);
  CHECK_EQ(layout.time, 24);
  CHECK_EQ(layout.address, 32);
  CHECK_EQ(layout.fixed, 40);
  layout = LayoutOf(Asking(PERF_SAMPLE_TIME | PERF_SAMPLE_RAW));
  CHECK_EQ(layout.thread, 0);
  CHECK_EQ(layout.time, 16);
  CHECK_EQ(layout.address, 0);
  CHECK_EQ(layout.fixed, 24);
  CHECK(layout.raw && !layout.callchain);
  layout = LayoutOf(Asking(kEverythingFixed));
  CHECK_EQ(layout.ip, 16);
  CHECK_EQ(layout.thread, 24);
  CHECK_EQ(layout.time, 32);
  CHECK_EQ(layout.address, 40);
  CHECK_EQ(layout.fixed, 80);
}

TEST(layout_of_counts_in_the_sample) {
  perf_event_attr attr = Asking(PERF_SAMPLE_TIME | PERF_SAMPLE_READ);
  CHECK_EQ(LayoutOf(attr).fixed, 24 + 8);  // the value
  attr.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_ID;
  CHECK_EQ(LayoutOf(attr).fixed, 24 + 24);
  attr.sample_type &= ~uint64_t{PERF_SAMPLE_READ};
  CHECK_EQ(LayoutOf(attr).fixed, 24);
}

TEST(layout_of_the_trailer) {
  SampleLayout layout = LayoutOf(Asking(PERF_SAMPLE_TID | PERF_SAMPLE_TIME));
  CHECK_EQ(layout.trailer, 24);
  CHECK_EQ(layout.trailer_time, 16);
  layout = LayoutOf(Asking(PERF_SAMPLE_TIME | PERF_SAMPLE_RAW));
  CHECK_EQ(layout.trailer, 16);
  layout = LayoutOf(Asking(kEverythingFixed));
  CHECK_EQ(layout.trailer, 48);
  CHECK_EQ(layout.trailer_time, 40);
  perf_event_attr attr = Asking(kEverythingFixed);
  attr.sample_id_all = 0;
  CHECK_EQ(LayoutOf(attr).trailer, 0);
  CHECK_EQ(LayoutOf(attr).trailer_time, 0);
}

TEST(layout_decides_where_a_record_has_its_time) {
  // A LOST has the trailer of the event whose record found no room: that of kMajor has a CPU.
  const Formats formats = TestFormats({100});
  Bytes lost = Header(PERF_RECORD_LOST, 0);
  Put(&lost, IdOf(kMajorId, 100));
  Put(&lost, uint64_t{17});
  Put(&lost, uint32_t{100});
  Put(&lost, uint32_t{101});
  Put(&lost, uint64_t{5000});
  Put(&lost, uint64_t{3});  // CPU
  Put(&lost, IdOf(kMajorId, 100));
  lost = Finish(lost);
  const RawRecord raw = Identify(formats.events, lost.data(), lost.size());
  CHECK_EQ(raw.time, 5000u);
  Record record;
  CHECK(Decode(raw, formats, &record));
  CHECK(record.kind == RecordKind::kLost);
  CHECK_EQ(record.time, 5000u);
  CHECK_EQ(record.lost, 17u);
  // One of a tracepoint has no thread there.
  Bytes entry = Header(PERF_RECORD_LOST, 0);
  Put(&entry, IdOf(kUserId, 100));
  Put(&entry, uint64_t{18});
  Put(&entry, uint64_t{6000});
  Put(&entry, IdOf(kUserId, 100));
  entry = Finish(entry);
  CHECK_EQ(Identify(formats.events, entry.data(), entry.size()).time, 6000u);
  CHECK(Decode(Identify(formats.events, entry.data(), entry.size()), formats, &record));
  CHECK_EQ(record.lost, 18u);
}

TEST(layout_of_parts_behind_a_call_chain) {
  perf_event_attr attr =
      Asking(PERF_SAMPLE_TIME | PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_RAW | PERF_SAMPLE_REGS_USER);
  attr.sample_regs_user = 0x181;
  const SampleLayout layout = LayoutOf(attr);
  CHECK_EQ(layout.user_registers, 3);
  for (uint64_t depth : {0, 1, 100}) {
    Bytes sample = Sample({1, 1, 5000, 7}, true, false, 0, false);
    Put(&sample, depth);
    for (uint64_t i = 0; i < depth; i++) Put(&sample, 0x400000 + i);
    Put(&sample, uint32_t{12});
    for (uint32_t i = 0; i < 3; i++) Put(&sample, i);
    Put(&sample, uint64_t{2});  // PERF_SAMPLE_REGS_ABI_64
    for (uint64_t i = 0; i < 3; i++) Put(&sample, 0x7000 + i);
    sample = Finish(sample);
    for (size_t length = 0; length < sample.size(); length++) {
      const Bytes cut(sample.begin(), sample.begin() + static_cast<ptrdiff_t>(length));
      SampleParts parts;
      // Registers that are cut are left out; what lies before them must be whole.
      CHECK_EQ(FindParts(layout, cut.data(), length, &parts), length >= sample.size() - 32);
      CHECK(parts.registers == nullptr);
    }
    SampleParts parts;
    CHECK(FindParts(layout, sample.data(), sample.size(), &parts));
    CHECK_EQ(parts.callchain_size, depth);
    if (depth > 0)
      CHECK_EQ(Load<uint64_t>(parts.callchain + 8 * (depth - 1)), 0x400000 + depth - 1);
    CHECK_EQ(parts.raw_size, 12u);
    CHECK_EQ(Load<uint32_t>(parts.raw + 8), 2u);
    CHECK_EQ(Load<uint64_t>(parts.registers + 16), 0x7002u);
  }
  // A count that would wrap around.
  Bytes absurd = Sample({1, 1, 5000, 7}, true, false, 0, false);
  Put(&absurd, ~uint64_t{0} / 8 + 2);
  absurd = Finish(absurd);
  SampleParts parts;
  CHECK(!FindParts(layout, absurd.data(), absurd.size(), &parts));
}

TEST(layout_of_copied_stacks) {
  const SampleLayout layout = LayoutFor(EventKind::kStackCopy, Samples::kPlain);
  CHECK(layout.user_stack);
  CHECK_EQ(layout.user_registers, kUnwindCount);
  for (uint64_t abi : {0, 1, 2}) {
    for (size_t words : {0, 1, 1024}) {
      const size_t copied = words / 2;
      const Bytes sample = StackCopy({1, 1, 5000, 7}, 0x1000, abi, words, copied);
      for (size_t length = 0; length < sample.size(); length++) {
        const Bytes cut(sample.begin(), sample.begin() + static_cast<ptrdiff_t>(length));
        SampleParts parts;
        CHECK(!FindParts(layout, cut.data(), length, &parts));
      }
      SampleParts parts;
      CHECK(FindParts(layout, sample.data(), sample.size(), &parts));
      CHECK_EQ(parts.abi, abi);
      CHECK_EQ(parts.registers != nullptr, abi != 0);
      if (abi != 0) CHECK_EQ(Load<uint64_t>(parts.registers + 8 * 7), 0x7007u);
      CHECK_EQ(parts.stack_size, 8 * copied);
      if (copied > 0) CHECK_EQ(Load<uint64_t>(parts.stack + 8 * (copied - 1)), copied - 1);
    }
  }
  // Sizes that reach beyond the sample, or wrap around; more copied than there is room.
  const Bytes whole = StackCopy({1, 1, 5000, 7}, 0x1000, 2, 4, 4);
  const size_t size_at = whole.size() - 8 * 6;
  for (uint64_t size : {uint64_t{33}, uint64_t{40}, ~uint64_t{0}, ~uint64_t{0} - 7}) {
    Bytes forged = whole;
    PutAt(&forged, size_at, size);
    SampleParts parts;
    CHECK(!FindParts(layout, forged.data(), forged.size(), &parts));
  }
  for (uint64_t copied : {uint64_t{33}, ~uint64_t{0}}) {
    Bytes forged = whole;
    PutAt(&forged, whole.size() - 8, copied);
    SampleParts parts;
    CHECK(!FindParts(layout, forged.data(), forged.size(), &parts));
  }
}

TEST(layout_by_shape_where_the_identifier_is_not_ours) {
  const Formats plain = TestFormats({100});
  const Formats software = TestFormats({100}, Samples::kSoftware);
  const Who who = {100, 101, 5000, 987654321};
  const Bytes minor = Minor(who, 0x1000);
  const EventIds::Entry& event = *Identify(plain.events, minor.data(), minor.size()).event;
  CHECK(event.kind == EventKind::kMinor && event.borrowed);
  // A major fault of a session whose samples have an ip.
  Bytes major = Sample(who, true, true, 0x401000);
  Put(&major, uint64_t{0x2000});
  Put(&major, uint64_t{1});
  Put(&major, kNoSource);
  major = Finish(major);
  const RawRecord raw = Identify(software.events, major.data(), major.size());
  CHECK(raw.event->kind == EventKind::kMajor && raw.event->borrowed);
  CHECK_EQ(raw.time, 5000u);
  for (size_t words : {0, 5}) {
    const Bytes copy = StackCopy(who, 0x3000, words == 0 ? 0 : 2, words, words);
    const EventIds::Entry& of = *Identify(plain.events, copy.data(), copy.size()).event;
    CHECK(of.kind == EventKind::kStackCopy && of.borrowed);
    // With room for a chain of a session that has one.
    Bytes longer = copy;
    for (uint64_t word = 0; word < 5; word++) Put(&longer, word);
    longer = Finish(longer);
    CHECK(Identify(plain.events, longer.data(), longer.size()).event->kind ==
          EventKind::kStackCopy);
    CHECK(Identify(plain.events, copy.data(), copy.size() - 8).event->kind !=
          EventKind::kStackCopy);
  }
  // An identifier of ours says more than the shape.
  Bytes cut = Sample({100, 101, 5000, IdOf(kMajorId, 100)}, true);
  Put(&cut, uint64_t{0x1000});
  cut = Finish(cut);
  Record record;
  CHECK(!Decode(Identify(plain.events, cut.data(), cut.size()), plain, &record));
}

}  // namespace test
}  // namespace pagefault
