// A pairing session on process 100 that is fed by hand.
#pragma once

#include <signal.h>

#include <algorithm>

#include "faults/pair.h"
#include "reader.h"
#include "session_events.h"

namespace pagefault {
namespace test {

constexpr uint64_t kStart = 1000;
constexpr uint32_t kPid = 100;

// A session on process 100 (thread 100, opened itself), fed by hand.
class Bench {
 public:
  explicit Bench(bool children = true, bool wide = false, bool software = false,
                 bool signals = true)
      : Bench(Rule(children, wide), software ? Samples::kSoftware : Samples::kPlain, signals) {}
  explicit Bench(Samples samples) : Bench(Rule(true, false), samples, true) {}
  explicit Bench(const Following& rule, Samples samples = Samples::kPlain, bool signals = true)
      : formats_(TestFormats({kPid, 150, 300}, samples)),
        mailbox_(1),
        pairer_(formats_, mailbox_, kStart, rule) {
    if (!signals) formats_.Of(EventKind::kSignal).id = 0;
    ThreadTable threads;
    threads.Add(kPid, kPid, rule.wide ? 0 : kPid);
    pairer_.Seed(std::move(threads));
  }
  // Faults come from BPF programs.
  void TakesFinished() {
    formats_.finished = true;
    formats_.Of(EventKind::kSignal).id = 0;
  }
  // The same, of minor faults a sample.
  void TakesSamples() {
    TakesFinished();
    formats_.sampled = true;
  }
  static Following Rule(bool children, bool wide) {
    Following rule;
    rule.children = children;
    rule.wide = wide;
    return rule;
  }
  void Feed(const Bytes& record) {
    now_ = std::max(now_, Raw(record).time);
    FeedAt(record, now_);
  }
  void FeedAt(const Bytes& record, uint64_t now) { pairer_.Consume(Raw(record), now); }
  void LookAhead(const Bytes& record, uint64_t since) { pairer_.LookAhead(Raw(record), since); }
  SeenBatch Seen() {
    mailbox_.Flush(0, true);
    return reader_.All(mailbox_);
  }
  const MailboxDrops& drops() const { return mailbox_.drops(); }
  StackCopies& copies() { return mailbox_.copies(); }
  const PairCounters& counters() const { return pairer_.counters(); }
  Pairer& pairer() { return pairer_; }
  Thread* thread(uint32_t tid) { return pairer_.threads().Find(tid); }
  void set_now(uint64_t now) { now_ = now; }

  // Shorthands for thread `tid` of the process, with the events of root 100.
  uint32_t pid = kPid, tid = kPid, root = kPid;
  Who At(uint64_t time, uint64_t event) const { return {pid, tid, time, IdOf(event, root)}; }
  void User(uint64_t time, uint64_t address, uint64_t code = 6) {
    Feed(FaultEntry(At(time, kUserId), true, address, 0x401000, code));
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
  // The thread sends itself a signal, as for an access that the kernel refused.
  void Sends(uint64_t time, int signal = SIGSEGV, int code = SEGV_MAPERR) {
    Feed(Signal(At(time, 0), tid, signal, code));
  }
  void Ends(uint64_t time) { Feed(Exit(At(time, kMinorId))); }

 private:
  RawRecord Raw(const Bytes& record) const {
    return Identify(formats_.events, record.data(), record.size());
  }

  Formats formats_;
  Mailbox mailbox_;
  BatchReader reader_;
  Pairer pairer_;
  uint64_t now_ = 0;
};

inline std::vector<uint8_t> Types(const SeenBatch& batch) {
  std::vector<uint8_t> types;
  for (const SeenRecord& record : batch.records) types.push_back(record.type);
  return types;
}

}  // namespace test
}  // namespace pagefault
