// Malformed records, cut off ones and such of unknown types: none leads the decoder out of bounds.

#include "decoding.h"

namespace pagefault {
namespace test {

TEST(decode_unknown_types_are_no_error) {
  const Formats formats = TestFormats({100});
  Record record;
  const std::vector<uint32_t> types = {PERF_RECORD_THROTTLE, PERF_RECORD_SWITCH,
                                       PERF_RECORD_KSYMBOL, 4711};
  for (uint32_t type : types) {
    const Bytes other = Sideband(type, 0, Bytes(24), With(IdOf(kMinorId, 100)));
    CHECK(DecodeExact(other, other.size(), formats, &record));
    CHECK(record.kind == RecordKind::kIgnored);
  }
  // A build id stands where device and inode are expected: not to be taken for them.
  const Bytes build_id = Mmap2(With(IdOf(kMinorId, 100)), 0x1000, 0x1000, 0, 5, 2, "/x",
                               PERF_RECORD_MISC_MMAP_BUILD_ID);
  CHECK(!DecodeExact(build_id, build_id.size(), formats, &record));
}

TEST(decode_absurd_raw_sizes) {
  const Formats formats = TestFormats({100});
  Record record;
  for (uint64_t event : {kUserId, kKernelId}) {
    Bytes entry = FaultEntry(With(IdOf(event, 100)), event == kUserId, 0x1000, 0x2000, 6);
    const size_t room = entry.size() - 28;
    for (uint64_t raw : {uint64_t{0}, uint64_t{1}, uint64_t{32}, uint64_t{room + 1},
                         uint64_t{0x7fffffff}, uint64_t{0xfffffff8}, uint64_t{0xffffffff}}) {
      PutAt(&entry, 24, static_cast<uint32_t>(raw));
      CHECK(!DecodeExact(entry, entry.size(), formats, &record));
    }
    PutAt(&entry, 24, static_cast<uint32_t>(room));
    CHECK(DecodeExact(entry, entry.size(), formats, &record));
  }
}

TEST(decode_fields_outside_of_raw_data) {
  Formats formats = TestFormats({100});
  Record record;
  const Bytes entry = FaultEntry(With(IdOf(kUserId, 100)), true, 0x1000, 0x2000, 6);
  for (const Field field :
       {Field{29, 8}, Field{36, 8}, Field{33, 4}, Field{65535, 8}, Field{0, 0}}) {
    formats.Of(EventKind::kEntryUser).field[kFaultErrorCode] = field;
    CHECK(!DecodeExact(entry, entry.size(), formats, &record));
  }
  formats.Of(EventKind::kEntryUser).field[kFaultErrorCode] = {28, 8};
  CHECK(DecodeExact(entry, entry.size(), formats, &record));
  formats.Of(EventKind::kEntryUser).thread = {33, 4};
  CHECK(!DecodeExact(entry, entry.size(), formats, &record));
}

TEST(decode_every_truncation) {
  const Formats formats = TestFormats({100});
  const Formats software = TestFormats({100}, Samples::kSoftware);
  Record record;
  for (const Bytes& whole : Kinds()) {
    for (size_t length = 8; length <= whole.size(); length++) {
      DecodeExact(whole, length, formats, &record);
      DecodeExact(whole, length, software, &record);
    }
    for (size_t length = 0; length < 8; length++) {
      std::unique_ptr<uint8_t[]> block(new uint8_t[8]());
      CHECK(!Decode(Identify(formats.events, block.get(), length), formats, &record));
    }
  }
  // What is cut inside of a field that is needed is refused, not guessed.
  // The data source, which comes last, is for samples of unknown events.
  const Bytes minor = Minor(With(IdOf(kMinorId, 100)), 0x1000);
  for (size_t length = 8; length < minor.size() - 8; length++) {
    CHECK(!DecodeExact(minor, length, formats, &record));
  }
  const Bytes user = FaultEntry(With(IdOf(kUserId, 100)), true, 0x1000, 0x2000, 6);
  for (size_t length = 8; length < 28 + kFaultRaw; length++) {
    CHECK(!DecodeExact(user, length, formats, &record));
  }
}

TEST(decode_random_mutations) {
  const Formats tracepoints = TestFormats({100});
  const Formats software = TestFormats({100}, Samples::kSoftware);
  const std::vector<Bytes> kinds = Kinds();
  Random random(20240229);
  uint64_t good = 0, bad = 0;
  Record record;
  for (int i = 0; i < Rounds(200000); i++) {
    Bytes mutant = kinds[random.Below(kinds.size())];
    for (uint64_t flips = 1 + random.Below(4); flips > 0; flips--) {
      const size_t at = random.Below(mutant.size());
      switch (random.Below(3)) {
        case 0:
          mutant[at] = static_cast<uint8_t>(random.Next());
          break;
        case 1:
          mutant[at] ^= static_cast<uint8_t>(1u << random.Below(8));
          break;
        default:
          mutant[at] = random.Below(2) != 0 ? 0xff : 0x00;
      }
    }
    const size_t length =
        random.Below(4) == 0 ? 8 + random.Below(mutant.size() - 7) : mutant.size();
    (DecodeExact(mutant, length, i % 2 != 0 ? software : tracepoints, &record) ? good : bad)++;
  }
  // Both ways were taken: a decoder that refuses all would pass every other check of this test.
  CHECK(good > Rounds(20000));
  CHECK(bad > Rounds(20000));
}

}  // namespace test
}  // namespace pagefault
