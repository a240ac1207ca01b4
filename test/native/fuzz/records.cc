// Rings of mutated records through all that the worker thread does with them: ring, decoder, order,
// pairing, mailbox.
//
//   input   u8 session (Session), then rings: u8 log2 of their size, u64 tail, u64 head, u32 length
//           of the data, data from the tail on

#include <signal.h>

#include "../fake_ring.h"
#include "../reader.h"
#include "../session_events.h"
#include "faults/pair.h"
#include "mutate.h"
#include "source/order.h"

namespace pagefault {
namespace fuzz {

namespace {

using namespace pagefault::test;

constexpr uint64_t kStart = 1000;
constexpr size_t kMaxRings = 3;
constexpr uint32_t kRoots[] = {100, 150, 300};

// Bits of the first byte.
enum Session : uint8_t {
  kSoftware = 1,
  kNoSignals = 2,
  kNoChildren = 4,
  kWide = 8,
  kSampledTid = 16,
  kTwoPasses = 32,
  kSampled = 64,
  kSessions = 128,
};

Formats FormatsOf(uint8_t session) {
  const Samples samples = (session & kSoftware) != 0     ? Samples::kSoftware
                          : (session & kSampledTid) != 0 ? Samples::kWithThread
                                                         : Samples::kPlain;
  Formats formats = TestFormats({kRoots[0], kRoots[1], kRoots[2]}, samples);
  if ((session & kNoSignals) != 0) formats.Of(EventKind::kSignal).id = 0;
  formats.sampled = (session & kSampled) != 0;
  return formats;
}

// --- valid records
// ---------------------------------------------------------------------------

class Maker {
 public:
  Maker(Random* random, uint8_t session) : random_(random), session_(session) {}

  Bytes Next() {
    const uint64_t address = 0x7f0000000000 + (random_->Below(64) << 12) + random_->Below(4096);
    const bool user = random_->Below(2) == 0;
    switch (random_->Below(18)) {
      case 17:
        return FinishedFault(address, user);
      case 0:
      case 1:
        return Minor(Someone(kMinorId), address, user);
      case 2:
        return Major(Someone(kMajorId), address, user);
      case 3:
      case 4:
        return FaultEntry(Someone(kUserId), true, address, 0x401000, random_->Below(32), Tid());
      case 5:
        return FaultEntry(Someone(kKernelId), false, address, 0x402000, random_->Below(32), Tid());
      case 6:
        return Software(address, user);
      case 7:
        return Mapping(address);
      case 8:
        return Comm(Someone(kMinorId), std::string(random_->Below(17), 'c'), user);
      case 9: {
        const Who child = Someone(kMinorId);
        return Fork(child, Pid(), Pid() + static_cast<uint32_t>(random_->Below(3)));
      }
      case 10:
        return Exit(Someone(kMinorId));
      case 11:
        return random_->Below(4) == 0 ? Lost(Someone(kMinorId), random_->Below(100)) : Throttle();
      case 12:
        return SyscallEnter(user ? EventKind::kMunmapEnter : EventKind::kMremapEnter, Someone(0),
                            {address, 8192, 4096, 3, address + 65536});
      case 13:
        return SyscallExit(user ? EventKind::kMunmapExit : EventKind::kMremapExit, Someone(0),
                           random_->Below(2) == 0 ? 0 : address);
      case 14:
        return Signal(Someone(0), Pid(), user ? SIGSEGV : SIGBUS,
                      static_cast<int>(random_->Below(4)));
      case 15: {
        const size_t words = static_cast<size_t>(random_->Below(64));
        const size_t copied = static_cast<size_t>(random_->Below(words + 1));
        return StackCopy(Someone(kCopyId), address, random_->Below(3), words, copied);
      }
      default:
        return OtherCall(address);
    }
  }

 private:
  bool Tid() const { return (session_ & (kSampledTid | kSoftware)) != 0; }
  uint32_t Root() { return kRoots[random_->Below(3)]; }
  uint32_t Pid() {
    return random_->Below(8) == 0 ? static_cast<uint32_t>(random_->Below(400)) : Root();
  }
  Who Someone(uint64_t event) {
    time_ += random_->Below(2000);
    const uint32_t root = Root();
    return {Pid(), root + static_cast<uint32_t>(random_->Below(3)), time_, IdOf(event, root)};
  }
  Bytes Software(uint64_t address, bool user) {
    Bytes out = Sample(Someone(kAnyId), user, (session_ & kSoftware) != 0, 0x401000);
    Put(&out, address);
    Put(&out, uint64_t{1});
    Put(&out, uint64_t{1});
    Put(&out, kNoSource);
    return Finish(out);
  }
  Bytes FinishedFault(uint64_t address, bool user) {
    const Who who = Someone(0);
    BpfFault fault = {};
    fault.time = who.time;
    fault.entered = random_->Below(4) == 0 ? 0 : who.time - random_->Below(3000);
    fault.address = address;
    fault.pid = who.pid;
    fault.tid = who.tid;
    const bool sampled = (session_ & kSampled) != 0;
    fault.ending = static_cast<uint8_t>(random_->Below(sampled ? 5 : 4));
    fault.weight = static_cast<uint32_t>(1 + random_->Below(8));
    fault.counted = static_cast<BpfS32>(1 + random_->Below(8));
    if (fault.ending == kBpfCounted && random_->Below(2) == 0) fault.counted = -fault.counted;
    fault.user_mode = user;
    fault.listed = random_->Below(2) == 0;
    fault.signal_code = static_cast<uint8_t>(1 + random_->Below(127));
    fault.stack_every = static_cast<uint32_t>(random_->Below(4));
    const size_t words = static_cast<size_t>(random_->Below(64));
    if (random_->Below(4) == 0) {
      std::vector<uint64_t> chain(words, address);
      if (words > 0) chain[words / 2] = PERF_CONTEXT_USER;
      return FinishedWithChain(fault, chain);
    }
    if (random_->Below(4) == 0) {
      return FinishedWithCopy(fault, random_->Below(3), words,
                              static_cast<size_t>(random_->Below(words + 1)));
    }
    return Finished(fault, sampled ? kBpfSampleBytes : kBpfFaultBytes);
  }
  Bytes Mapping(uint64_t address) {
    static const size_t kLengths[] = {0, 1, 7, 8, 40, 4096, 65000};
    const size_t length = kLengths[random_->Below(random_->Below(16) == 0 ? 7 : 5)];
    const uint16_t misc = random_->Below(8) == 0 ? PERF_RECORD_MISC_MMAP_BUILD_ID : 0;
    return Mmap2(Someone(kMinorId), address & ~uint64_t{4095}, random_->Below(1 << 20), 0,
                 static_cast<uint32_t>(random_->Below(8)), 2, std::string(length, '/'), misc);
  }
  Bytes Throttle() {
    Bytes body;
    Put(&body, time_);
    Put(&body, uint64_t{kMinorId});
    Put(&body, uint64_t{7});
    return Sideband(PERF_RECORD_THROTTLE, 0, body, Someone(kMinorId));
  }
  Bytes OtherCall(uint64_t address) {
    switch (random_->Below(6)) {
      case 0:
        return SyscallExit(EventKind::kBrkExit, Someone(0), address);
      case 3:
        return MakerCopyOf(random_->Below(2) == 0 ? EventKind::kMremapCopy : EventKind::kBrkCopy,
                           Someone(0), address, random_->Below(3),
                           static_cast<size_t>(random_->Below(64)));
      case 1:
        return SyscallEnter(EventKind::kShmdtEnter, Someone(0), {address});
      case 2:
        return NewTask(Someone(0), random_->Next());
      default:
        return CloneExit(random_->Below(2) == 0 ? EventKind::kCloneExit : EventKind::kClone3Exit,
                         Someone(0), random_->Below(2), random_->Below(2) == 0 ? 0 : address);
    }
  }

  Random* random_;
  uint8_t session_;
  uint64_t time_ = kStart;
};

// --- what becomes of them
// ---------------------------------------------------------------------------

void PutSize(Bytes* record, uint64_t size) {
  PutAt(record, 6, static_cast<uint16_t>(size));
}

void Mutate(Random* random, Bytes* record) {
  switch (random->Below(8)) {
    case 0:
      PutSize(record, EdgeNumber(random));
      return;
    case 1:  // of another type than its size suggests
      PutAt(record, 0,
            static_cast<uint32_t>(random->Below(2) == 0 ? random->Below(24) : EdgeNumber(random)));
      return;
    case 2:  // cut, and says so
      record->resize(8 + static_cast<size_t>(random->Below(record->size() / 8)) * 8);
      PutSize(record, record->size());
      return;
    case 3:  // cut, and does not say so
      record->resize(8 + static_cast<size_t>(random->Below(record->size() / 8)) * 8);
      return;
    case 4: {  // longer than its kind is
      record->resize(record->size() + 8 * static_cast<size_t>(random->Below(8)), 0xff);
      PutSize(record, record->size());
      return;
    }
    case 5:
      PutAt(record, 4, static_cast<uint16_t>(random->Next()));
      return;
    default:
      // The header stays: what is in a record that seems to be whole.
      Damage(random, record->data() + 8, record->size() - 8);
  }
}

bool IsRecordType(uint8_t type) {
  switch (type) {
#define TYPE_CASE(enumerator, name, number) case number:
    PAGEFAULT_RECORD_TYPES(TYPE_CASE)
#undef TYPE_CASE
    return true;
    default:
      return false;
  }
}

void CheckBatch(const SeenBatch& batch) {
  for (const SeenFault& fault : batch.faults) {
    CHECK((fault.flags & 3) != 3 && fault.flags < 0x40);
    CHECK(fault.time >= 0 && fault.latency >= -1);
    CHECK(fault.tid != 0);
  }
  uint32_t at = 0;
  for (const SeenRecord& record : batch.records) {
    CHECK(IsRecordType(record.type));
    CHECK(record.time >= 0);
    CHECK(record.at >= at && record.at <= batch.faults.size());
    at = record.at;
    for (double number :
         {record.start, record.end, record.pgoff, record.entered, record.new_start, record.new_end})
      CHECK(number >= 0);
    // What was told too much is taken back.
    CHECK(record.count >= 0 || record.type == static_cast<uint8_t>(RecordType::kCounted));
  }
}

bool IsOdd(int, int tid) {
  return tid % 2 == 1;
}
uint64_t StackOf(int pid, int tid) {
  return static_cast<uint64_t>(pid) * static_cast<uint64_t>(tid) << 8;
}

class RecordsKind : public Kind {
 public:
  RecordsKind() : mailbox_(4) {
    for (uint8_t session = 0; session < kSessions; session++) {
      formats_.push_back(FormatsOf(session));
    }
  }

  size_t Make(Random* random, Bytes* input) override {
    const uint8_t session = static_cast<uint8_t>(random->Below(kSessions));
    Put(input, session);
    Maker maker(random, session);
    size_t made = 0;
    for (uint64_t rings = 1 + random->Below(kMaxRings); rings > 0; rings--) {
      Bytes data;
      const uint64_t records = 1 + random->Below(32);
      for (uint64_t i = 0; i < records && data.size() < 60000; i++, made++) {
        Bytes record = maker.Next();
        // Some stay whole, so that what comes behind meets a session that is under way.
        if (random->Below(3) != 0) Mutate(random, &record);
        data.insert(data.end(), record.begin(), record.end());
      }
      WriteRing(random, data, input);
    }
    return made;
  }

  void Run(const Bytes& input) override {
    Script script(input);
    const uint8_t session = script.Take<uint8_t>();
    std::vector<std::unique_ptr<FakeRing>> memory;
    std::vector<Ring> rings;
    while (!script.done() && rings.size() < kMaxRings) ReadRing(&script, &memory, &rings);

    const Formats& formats = formats_[session % kSessions];
    Following following;
    following.children = (session & kNoChildren) == 0;
    following.wide = (session & kWide) != 0;
    Pairer pairer(formats, mailbox_, kStart, following);
    ThreadTable threads;
    for (uint32_t root : kRoots) threads.Add(root, root, (session & kWide) != 0 ? 0 : root);
    pairer.Seed(std::move(threads));
    Merger merger;
    if ((session & kTwoPasses) != 0) Pass(formats, kStart + 20000, &rings, &merger, &pairer);
    std::vector<ThreadStack> stacks = pairer.UnknownStacks();
    for (ThreadStack& stack : stacks) stack.pointer = StackOf(stack.pid, stack.tid);
    pairer.OnStackPointers(kStart, stacks);
    Pass(formats, UINT64_MAX, &rings, &merger, &pairer);
    for (const Ring& ring : rings) CHECK(ring.empty());
    pairer.Sweep(kStart, IsOdd);
    pairer.Sweep(kStart, IsOdd);
    pairer.DoubtMaps(kStart);
    pairer.TakeSuspects();

    mailbox_.Flush(0, true);
    const SeenBatch batch = reader_.All(mailbox_);
    CheckBatch(batch);
    CHECK(!mailbox_.holds());
    size_t ended = 0;
    int64_t completed = 0;
    for (const SeenFault& fault : batch.faults) {
      if ((fault.flags & 3) == 0) continue;
      ended++;
      completed += fault.counted;
    }
    for (const SeenRecord& record : batch.records) {
      if (record.type != static_cast<uint8_t>(RecordType::kCounted)) continue;
      completed += static_cast<int64_t>(record.count);
    }
    CHECK_EQ(static_cast<uint64_t>(completed), pairer.counters().minor + pairer.counters().major);
    CHECK_EQ(batch.faults.size() - ended, pairer.counters().unresolved);
  }

 private:
  static void WriteRing(Random* random, const Bytes& data, Bytes* input) {
    uint8_t log2 = 12;
    while (data.size() > size_t{1} << log2) log2++;
    Put(input, static_cast<uint8_t>(log2 + random->Below(2)));
    uint64_t tail = random->Below(1 << 13) * 8;
    if (random->Below(4) == 0) tail = ~uint64_t{0} - 8191 + random->Below(1024) * 8;
    if (random->Below(64) == 0) tail = EdgeNumber(random);
    uint64_t head = tail + data.size();
    if (random->Below(24) == 0) head = EdgeNumber(random);
    if (random->Below(24) == 0) head = tail + EdgeNumber(random);
    Put(input, tail);
    Put(input, head);
    Put(input, static_cast<uint32_t>(data.size()));
    input->insert(input->end(), data.begin(), data.end());
  }

  static void ReadRing(Script* script, std::vector<std::unique_ptr<FakeRing>>* memory,
                       std::vector<Ring>* rings) {
    const size_t bytes = size_t{1} << (12 + script->Take<uint8_t>() % 6);
    const uint64_t tail = script->Take<uint64_t>();
    const uint64_t head = script->Take<uint64_t>();
    const Bytes data = script->Take(script->Take<uint32_t>());
    memory->push_back(std::make_unique<FakeRing>(bytes, tail));
    FakeRing& ring = *memory->back();
    ring.PutBytes(tail, data.data(), std::min(data.size(), bytes));
    rings->push_back(ring.Reader());
    ring.control().data_head = head;
  }

  static void Pass(const Formats& formats, uint64_t horizon, std::vector<Ring>* rings,
                   Merger* merger, Pairer* pairer) {
    for (Ring& ring : *rings) {
      ring.LoadHead();
      if (ring.full()) pairer->SuspectUntil(kStart);
    }
    std::vector<RingSource> sources;
    for (Ring& ring : *rings) sources.emplace_back(&ring, &formats.events);
    const auto consume = [&](const RawRecord& raw, uint64_t now) {
      // In memory of its own, so that a read beyond its end is seen.
      const Bytes record(raw.bytes, raw.bytes + raw.length);
      pairer->Consume(Identify(formats.events, record.data(), record.size()), now);
    };
    merger->Drain(sources, horizon, kStart + (uint64_t{1} << 40), consume);
    for (Ring& ring : *rings) {
      ring.Publish();
      ring.TakeFilled();
    }
  }

  std::vector<Formats> formats_;  // by session
  Mailbox mailbox_;
  BatchReader reader_;
};

}  // namespace

std::unique_ptr<Kind> Records() {
  return std::make_unique<RecordsKind>();
}

}  // namespace fuzz
}  // namespace pagefault
