// The decoder: what well-formed records mean.

#include <sys/mman.h>

#include "decoding.h"

namespace pagefault {
namespace test {

TEST(decode_completion) {
  const Formats formats = TestFormats({100});
  Record record;
  const Bytes minor = Minor(With(IdOf(kMinorId, 100)), 0xffff812345678765);
  // IDENTIFIER, TID, TIME, ADDR, DATA_SRC behind a header of 8 bytes: 48, as kernel-measured record
  // sizes say.
  CHECK_EQ(minor.size(), 48u);
  CHECK(DecodeExact(minor, minor.size(), formats, &record));
  CHECK(record.kind == RecordKind::kCompletion && record.event == EventKind::kMinor);
  CHECK(record.user_mode && !record.borrowed);
  CHECK_EQ(record.root, 100u);
  CHECK_EQ(record.pid, 100u);
  CHECK_EQ(record.tid, 101u);
  CHECK_EQ(record.time, 5000u);
  CHECK_EQ(record.address, 0xffff812345678765u);
  CHECK_EQ(Identify(formats.events, minor.data(), minor.size()).time, 5000u);

  const Bytes major = Major(With(IdOf(kMajorId, 100)), 0x2000, false);
  CHECK(DecodeExact(major, major.size(), formats, &record));
  CHECK(record.event == EventKind::kMajor && !record.user_mode);
  CHECK_EQ(record.address, 0x2000u);
}

TEST(decode_borrowed_identifiers_by_shape) {
  const Formats formats = TestFormats({100});
  Record record;
  Bytes minor = Minor(With(987654321), 0x1000);
  CHECK(DecodeExact(minor, minor.size(), formats, &record));
  CHECK(record.kind == RecordKind::kCompletion && record.event == EventKind::kMinor);
  CHECK(record.borrowed);
  CHECK_EQ(record.root, 0u);
  Bytes major = Major(With(987654321), 0x1000);
  CHECK(DecodeExact(major, major.size(), formats, &record));
  CHECK(record.event == EventKind::kMajor && record.borrowed);
  // Of a session whose samples have call chains: room for one behind ours, with what was there
  // before.
  for (Bytes* sample : {&minor, &major}) {
    for (uint64_t words = 1; words < 130; words++) {
      Put(sample, words % 2 == 0 ? kNoSource : words);
      *sample = Finish(*sample);
      CHECK(DecodeExact(*sample, sample->size(), formats, &record));
      CHECK(record.event == (sample == &minor ? EventKind::kMinor : EventKind::kMajor));
      CHECK(record.kind == RecordKind::kCompletion && record.borrowed);
      CHECK_EQ(record.address, 0x1000u);
    }
  }
  // An entry of the software layout, which this session does not use.
  Bytes entry = Sample(With(987654321), true);
  for (uint64_t word : {uint64_t{0x1000}, uint64_t{1}, uint64_t{1}, kNoSource}) Put(&entry, word);
  entry = Finish(entry);
  CHECK(DecodeExact(entry, entry.size(), formats, &record));
  CHECK(record.kind == RecordKind::kIgnored);
}

TEST(decode_software_layout) {
  const Formats formats = TestFormats({100}, Samples::kSoftware);
  Record record;
  for (const bool known : {true, false}) {
    Bytes entry = Sample(With(known ? IdOf(kAnyId, 100) : 987654321), true, true, 0x401234);
    Put(&entry, uint64_t{0x7000});  // ADDR
    Put(&entry, uint64_t{1});       // CPU
    Put(&entry, uint64_t{1});       // PERIOD
    Put(&entry, kNoSource);         // DATA_SRC
    entry = Finish(entry);
    CHECK(DecodeExact(entry, entry.size(), formats, &record));
    CHECK(record.kind == RecordKind::kEntry && record.event == EventKind::kEntryAny);
    CHECK_EQ(record.borrowed, !known);
    CHECK_EQ(record.ip, 0x401234u);
    CHECK_EQ(record.address, 0x7000u);
    CHECK_EQ(record.tid, 101u);
    CHECK_EQ(record.time, 5000u);
  }
  Bytes minor = Sample(With(IdOf(kMinorId, 100)), false, true, 0x401234);
  Put(&minor, uint64_t{0x8000});
  Put(&minor, kNoSource);
  minor = Finish(minor);
  CHECK(DecodeExact(minor, minor.size(), formats, &record));
  CHECK(record.kind == RecordKind::kCompletion && !record.user_mode);
  CHECK_EQ(record.address, 0x8000u);
}

TEST(decode_fault_entry) {
  const Formats formats = TestFormats({100});
  Record record;
  const Bytes user = FaultEntry(With(IdOf(kUserId, 100)), true, 0xfedcba9876543210, 0x401000, 0x7);
  CHECK(DecodeExact(user, user.size(), formats, &record));
  CHECK(record.kind == RecordKind::kEntry && record.event == EventKind::kEntryUser);
  CHECK(record.user_mode);
  CHECK_EQ(record.address, 0xfedcba9876543210u);
  CHECK_EQ(record.ip, 0x401000u);
  CHECK_EQ(record.error_code, 7u);
  CHECK_EQ(record.time, 5000u);
  CHECK_EQ(Identify(formats.events, user.data(), user.size()).time, 5000u);
  CHECK_EQ(record.tid, 101u);
  CHECK_EQ(record.pid, 0u);  // the kernel was not asked
  const Bytes kernel = FaultEntry(With(IdOf(kKernelId, 100)), false, 0x2000, 0x402000, 0x2);
  CHECK(DecodeExact(kernel, kernel.size(), formats, &record));
  CHECK(record.event == EventKind::kEntryKernel && !record.user_mode);
  CHECK_EQ(record.error_code, 2u);
}

TEST(decode_four_byte_fields) {
  Formats formats = TestFormats({100});
  formats.Of(EventKind::kEntryUser).field[kFaultErrorCode] = {31, 4};
  Record record;
  const Bytes entry = Raw(With(IdOf(kUserId, 100)), true, kFaultRaw,
                          {{{9, 8}, 0x1000}, {{17, 8}, 0x2000}, {{31, 4}, 0xdeadbeef}}, 0, true);
  CHECK(DecodeExact(entry, entry.size(), formats, &record));
  CHECK_EQ(record.error_code, 0xdeadbeefu);
  formats.Of(EventKind::kEntryUser).field[kFaultErrorCode] = {
      31, 2};  // no size that a fault's field has
  CHECK(!DecodeExact(entry, entry.size(), formats, &record));
}

TEST(decode_system_calls) {
  const Formats formats = TestFormats({100});
  Record record;
  const Bytes enter = SyscallEnter(EventKind::kMremapEnter, kWho, {11, 22, 33, 44, 55});
  CHECK(DecodeExact(enter, enter.size(), formats, &record));
  CHECK(record.kind == RecordKind::kSyscall && record.event == EventKind::kMremapEnter);
  for (uint64_t i = 0; i < 5; i++) CHECK_EQ(record.argument[i], 11 * (i + 1));
  const Bytes exit = SyscallExit(EventKind::kMunmapExit, kWho, static_cast<uint64_t>(-22));
  CHECK(DecodeExact(exit, exit.size(), formats, &record));
  CHECK(record.event == EventKind::kMunmapExit);
  CHECK_EQ(record.argument[0], static_cast<uint64_t>(-22));
}

TEST(decode_address_space_records) {
  const Formats formats = TestFormats({100});
  Record record;
  const std::string path = "/usr/lib/a b\nc";
  const Bytes mmap =
      Mmap2(With(IdOf(kMinorId, 100)), 0x7f0000000000, 0x5000, 0x3000, 5, MAP_SHARED, path);
  CHECK(Decode(Identify(formats.events, mmap.data(), mmap.size()), formats, &record));
  CHECK(record.kind == RecordKind::kMmap && record.shared);
  CHECK_EQ(record.root, 100u);
  CHECK_EQ(record.time, 5000u);
  CHECK_EQ(record.address, 0x7f0000000000u);
  CHECK_EQ(record.length, 0x5000u);
  CHECK_EQ(record.pgoff, 0x3000u);
  CHECK_EQ(record.dev_major, 8u);
  CHECK_EQ(record.dev_minor, 1u);
  CHECK_EQ(record.ino, 77u);
  CHECK_EQ(record.prot, 5u);
  CHECK(std::string(record.name, record.name_length) == path);

  const Bytes comm = Comm(With(IdOf(kMinorId, 100)), "ab", true);
  CHECK(Decode(Identify(formats.events, comm.data(), comm.size()), formats, &record));
  CHECK(record.kind == RecordKind::kComm && record.exec);
  CHECK(std::string(record.name, record.name_length) == "ab");

  const Bytes fork = Fork(With(IdOf(kMinorId, 100)), 90, 91);
  CHECK(Decode(Identify(formats.events, fork.data(), fork.size()), formats, &record));
  CHECK(record.kind == RecordKind::kFork);
  CHECK_EQ(record.pid, 100u);
  CHECK_EQ(record.tid, 101u);
  CHECK_EQ(record.ppid, 90u);
  CHECK_EQ(record.ptid, 91u);

  const Bytes lost = Lost(With(IdOf(kMinorId, 100)), 17);
  CHECK(Decode(Identify(formats.events, lost.data(), lost.size()), formats, &record));
  CHECK(record.kind == RecordKind::kLost);
  CHECK_EQ(record.lost, 17u);
}

TEST(decode_name_without_nul) {
  // 8 characters fill their word, so that no padding ends the name: the trailer must not be read.
  const Formats formats = TestFormats({100});
  Bytes body;
  Put(&body, uint32_t{100});
  Put(&body, uint32_t{101});
  PutName(&body, "12345678");
  const Bytes comm = Sideband(PERF_RECORD_COMM, 0, body, With(IdOf(kMinorId, 100)));
  Record record;
  CHECK(Decode(Identify(formats.events, comm.data(), comm.size()), formats, &record));
  CHECK(std::string(record.name, record.name_length) == "12345678");
}

TEST(decode_fault_entry_with_thread) {
  // In a pid namespace the kernel's own number of the thread (in the raw data) is not ours.
  Formats formats = TestFormats({100}, Samples::kWithThread);
  formats.Of(EventKind::kEntryUser).thread = {9, 8};  // the address: it must not be taken
  Record record;
  const Bytes user = FaultEntry(With(IdOf(kUserId, 100)), true, 0x123456789000, 0x401000, 7, true);
  CHECK(DecodeExact(user, user.size(), formats, &record));
  CHECK_EQ(record.tid, 101u);
  CHECK_EQ(record.pid, 100u);
  CHECK_EQ(record.time, 5000u);
  CHECK_EQ(Identify(formats.events, user.data(), user.size()).time, 5000u);
  CHECK_EQ(record.address, 0x123456789000u);
}

TEST(decode_thread_start) {
  const Formats formats = TestFormats({100});
  Record record;
  for (EventKind kind : {EventKind::kCloneExit, EventKind::kClone3Exit}) {
    const Bytes child = CloneExit(kind, With(0), 0, 0x7f5512345678);
    CHECK(DecodeExact(child, child.size(), formats, &record));
    CHECK(record.kind == RecordKind::kThreadStart);
    CHECK_EQ(record.stack_pointer, 0x7f5512345678u);
    CHECK_EQ(record.tid, 101u);
    // No registers of user mode (abi 0, no value).
    const Bytes bare = CloneExit(kind, With(0), 0, 0);
    CHECK(DecodeExact(bare, bare.size(), formats, &record));
    CHECK_EQ(record.stack_pointer, 0u);
    // In the parent, and where the call has failed.
    for (const uint64_t result : {uint64_t{102}, static_cast<uint64_t>(-11)}) {
      const Bytes parent = CloneExit(kind, With(0), result, 0x7ffe00000000);
      CHECK(DecodeExact(parent, parent.size(), formats, &record));
      CHECK(record.kind == RecordKind::kIgnored);
    }
    // Raw data up to the very end leaves no room for registers.
    Bytes full = child;
    PutAt(&full, 24, static_cast<uint32_t>(full.size() - 28));
    CHECK(DecodeExact(full, full.size(), formats, &record));
    CHECK_EQ(record.stack_pointer, 0u);
  }
}

TEST(decode_cgroups) {
  const Formats formats = TestFormats({100}, Samples::kWithThread);
  Record record;
  const Bytes exit = TaskExit(With(0), 0x500000007);
  CHECK(DecodeExact(exit, exit.size(), formats, &record));
  CHECK(record.kind == RecordKind::kTaskEnd);
  CHECK_EQ(record.cgroup, 0x500000007u);
  CHECK_EQ(record.tid, 101u);
  // What a name lies in is there no more behind DecodeExact.
  CHECK(Decode(Identify(formats.events, exit.data(), exit.size()), formats, &record));
  CHECK(std::string(record.name, record.name_length) == "worker");
  // A broken one may have no end.
  const Bytes endless = TaskExit(With(0), 1, "0123456789abcdefgh");
  CHECK(Decode(Identify(formats.events, endless.data(), endless.size()), formats, &record));
  CHECK(std::string(record.name, record.name_length) == "0123456789abcdef");
  for (size_t size = kRecordHeader; size < exit.size(); size += 8) {
    CHECK(!DecodeExact(exit, size, formats, &record));
  }
  const Bytes made = CgroupMade(With(0), 9, "/system.slice/a.service");
  CHECK(Decode(Identify(formats.events, made.data(), made.size()), formats, &record));
  CHECK(record.kind == RecordKind::kCgroup);
  CHECK_EQ(record.cgroup, 9u);
  CHECK(std::string(record.name, record.name_length) == "/system.slice/a.service");
}

TEST(decode_copied_stacks) {
  const Formats formats = TestFormats({100});
  Record record;
  const Bytes copy = StackCopy(With(IdOf(kCopyId, 100)), 0x1234, 2, 8, 5);
  CHECK(DecodeExact(copy, copy.size(), formats, &record));
  CHECK(record.kind == RecordKind::kStackCopy);
  CHECK_EQ(record.address, 0x1234u);
  CHECK_EQ(record.stack_size, 40u);
  // Registers of 32 bits mean another processor's stack.
  for (uint64_t abi : {0, 1}) {
    const Bytes other = StackCopy(With(IdOf(kCopyId, 100)), 0x1234, abi, 8, 5);
    CHECK(DecodeExact(other, other.size(), formats, &record));
    CHECK(record.registers == nullptr);
  }
  // More than is ever asked for.
  const Bytes large = StackCopy(With(IdOf(kCopyId, 100)), 0x1234, 2, 4096, 4096);
  CHECK(DecodeExact(large, large.size(), formats, &record));
  CHECK_EQ(record.stack_size, size_t{kStackCopyBytes});
}

}  // namespace test
}  // namespace pagefault
