#include "replay/replay.h"

#include <limits.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "perfdata/format.h"
#include "perfdata/own_records.h"

namespace pagefault {
namespace perfdata {

namespace {

// Between two looks at what is full (kSendEvery) no more than one becomes so: a chain of calls has
// 1 KB, a name 4 KB.
constexpr size_t kBatches = 3;
// Bytes. A fact is of a mapped file, and they are few.
constexpr size_t kMaxFacts = 64 << 20;
// Records between two looks at what is full, and between two that hand on what is not: of stacks a
// batch holds some five hundred.
constexpr uint32_t kSendEvery = 128;
constexpr uint32_t kDeliverEvery = 4096;
// Files whose build ids are told.
constexpr size_t kMostFiles = 65536;
// Who plays a recording sees it in steps of this.
constexpr uint64_t kDeliverNs = 50'000'000;

Following Everyone() {
  Following following;
  following.wide = following.everyone = following.recorded = true;
  return following;
}

// Of a fault's end.
bool IsFault(EventKind kind) {
  return kind == EventKind::kMinor || kind == EventKind::kMajor || kind == EventKind::kOwnFault;
}

// Of a fault, and of nothing else.
bool IsPartOfFault(EventKind kind) {
  return IsFault(kind) || kind == EventKind::kEntryUser || kind == EventKind::kEntryKernel ||
         kind == EventKind::kEntryAny || kind == EventKind::kSignal;
}

}  // namespace

Replay::Replay(int fd, ReplaySink* sink, const Entrance& entrance)
    : fd_(fd),
      file_(fd),
      sink_(sink),
      entrance_(entrance),
      mailbox_(kBatches),
      batch_(new uint8_t[kBatchBytes]) {}

Trouble Replay::Run() {
  if (!file_.Open()) return file_.trouble();
  const auto consume = [this](const RawRecord& record) { Consume(record); };
  const uint8_t* bytes;
  size_t length;
  while (!left_ && file_.Next(&bytes, &length)) {
    if (Load<uint32_t>(bytes) == kFinishedRound) {
      order_.EndRound(consume);
      Deliver(false);
      continue;
    }
    if (!begun_ && !Begin()) return trouble_;
    // Ours are in the order of the session's own batches.
    const bool good = events_.facts().own
                          ? ConsumeOwn(Identify(events_.Of(bytes, length), bytes, length))
                          : Take(bytes, length);
    if (!good) malformed_++;
    if (order_.crowded()) order_.MakeRoom(consume);
  }
  if (!begun_ && file_.trouble() != Trouble::kNone) return file_.trouble();
  if (!begun_ && !Begin()) return trouble_;
  order_.End(consume);
  Deliver(true);
  return file_.trouble();
}

bool Replay::Begin() {
  begun_ = true;
  if (!events_.Build(file_.head(), &formats_)) {
    trouble_ = file_.head().events.empty() ? Trouble::kNoEvents : Trouble::kIdentity;
    return false;
  }
  if (!events_.facts().completions) {
    trouble_ = Trouble::kNoEvents;
    return false;
  }
  left_ = !sink_->OnHead(HeadFacts());
  for (const auto& [path, id] : file_.head().build_ids) {
    left_ = left_ || !TellBuildId(path, id);
  }
  const bool twice = events_.facts().own || entrance_.most > 0;
  if (!left_ && twice && file_.seekable()) left_ = !LookAhead();
  left_ = left_ || !sink_->OnBegin(BeginFacts());
  return !left_;
}

bool Replay::LookAhead() {
  RecordFile again(fd_);
  if (!again.Open()) return true;
  EventTable events = events_;  // it counts what it is asked of
  const bool own = events.facts().own;
  const uint8_t* bytes;
  size_t length;
  size_t told = 0;
  uint64_t start = UINT64_MAX;
  while (again.Next(&bytes, &length)) {
    const RawRecord record = Identify(events.Of(bytes, length), bytes, length);
    if (record.time > 0) start = std::min(start, record.time);
    if (own && start_ == 0) start_ = record.time;
    if (IsSample(bytes) && IsFault(record.event->kind)) faults_.Add(record.time);
    if (own && !TakeBeginning(record, &told)) return false;
  }
  // How it ended is never left out.
  if (!last_fact_.empty() && !sink_->OnFact(last_fact_)) return false;
  if (own) start = start_;
  if (start == UINT64_MAX) return true;
  const uint64_t to = entrance_.to > UINT64_MAX - start ? UINT64_MAX : start + entrance_.to;
  if (entrance_.most > 0) passed_over_ = faults_.Before(to, entrance_.most);
  begins_ns_ = passed_over_ > start ? passed_over_ - start : 0;
  return true;
}

bool Replay::TakeBeginning(const RawRecord& record, size_t* told) {
  if (Load<uint32_t>(record.bytes) != kNoteType || record.time > start_) return true;
  const char* text;
  size_t size;
  RecordRow row;
  if (ReadFact(record.bytes, record.length, &text, &size)) {
    if (*told >= kMaxFacts) {
      last_fact_.assign(text, size);
      return true;
    }
    *told += size;
    return sink_->OnFact(std::string(text, size));
  }
  if (ReadOrigin(record.bytes, record.length, &origin_)) return true;
  if (*told >= kMaxFacts || !ReadRow(record, &row)) return true;
  mailbox_.Add(row);
  return ++since_delivery_ % kSendEvery != 0 || Send();
}

bool Replay::Take(const uint8_t* bytes, size_t length) {
  const EventIds::Entry& event = events_.Of(bytes, length);
  RawRecord record = Identify(event, bytes, length);
  const SampleLayout& layout = event.layout;
  const bool timed = IsSample(bytes) ? layout.time != 0 : layout.trailer_time != 0;
  if (!timed) record.time = seen_;
  seen_ = std::max(seen_, record.time);
  if (Load<uint32_t>(bytes) == PERF_RECORD_LOST_SAMPLES) {
    TakeLostSamples(record);
    return true;
  }
  if (Load<uint32_t>(bytes) == PERF_RECORD_MMAP2) left_ = left_ || !TakeBuildId(bytes, length);
  if (IsSample(bytes) && length < layout.fixed) return false;
  if (IsPassedOver(record)) {
    order_.Note(record.time);
  } else {
    order_.Add(record);
  }
  return true;
}

bool Replay::TellBuildId(const std::string& path, const std::string& id) {
  const auto plain = [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; };
  // What no file of a distribution is called needs no names.
  if (told_.size() >= kMostFiles || path.size() > PATH_MAX) return true;
  if (!std::all_of(path.begin(), path.end(), plain)) return true;
  if (!told_.insert(path).second) return true;
  static const char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char byte : id) {
    hex += kDigits[static_cast<uint8_t>(byte) >> 4];
    hex += kDigits[byte & 15];
  }
  // As src/sources/recording/recorded-facts.ts has it.
  return sink_->OnFact(R"({"kind":"build","name":")" + path + R"(","id":")" + hex + R"("})");
}

bool Replay::TakeBuildId(const uint8_t* bytes, size_t length) {
  constexpr size_t kSizeAt = 40, kIdAt = 44, kNameAt = 72;  // struct perf_record_mmap2
  const uint16_t misc = Load<perf_event_header>(bytes).misc;
  if ((misc & PERF_RECORD_MISC_MMAP_BUILD_ID) == 0 || length <= kNameAt) return true;
  const char* const name = reinterpret_cast<const char*>(bytes + kNameAt);
  const char* const id = reinterpret_cast<const char*>(bytes + kIdAt);
  return TellBuildId(std::string(name, strnlen(name, length - kNameAt)),
                     std::string(id, std::min<size_t>(bytes[kSizeAt], 20)));
}

bool Replay::IsPassedOver(const RawRecord& record) const {
  return record.time < passed_over_ && IsSample(record.bytes) && IsPartOfFault(record.event->kind);
}

void Replay::TakeLostSamples(const RawRecord& record) {
  // header, u64 lost, and the trailer, whose last word is the id of the event.
  if (record.length < kRecordHeader + 16) return;
  lost_known_ = true;
  const uint64_t lost = Load<uint64_t>(record.bytes + kRecordHeader);
  if (record.event->kind == EventKind::kMinor) lost_minor_ += lost;
  if (record.event->kind == EventKind::kMajor) lost_major_ += lost;
}

void Replay::Consume(RawRecord record) {
  if (pairer_ == nullptr) {
    start_ = order_.oldest();
    pairer_ = std::make_unique<Pairer>(formats_, mailbox_, start_, Everyone());
    // Entries whose completion has no record prove nothing.
    if (events_.facts().sampled) pairer_->SuspectUntil(UINT64_MAX);
  }
  now_ = std::max(now_, record.time);
  // No two completions of a thread have the same stamp.
  if (record.event->borrowed && IsSample(record.bytes)) record.time = ++stamps_;
  pairer_->Consume(record, now_);
  if (++since_delivery_ >= kDeliverEvery || now_ - delivered_at_ >= kDeliverNs) {
    Deliver(false);
  } else if (since_delivery_ % kSendEvery == 0) {
    Send();
  }
}

bool Replay::ConsumeOwn(const RawRecord& record) {
  const uint32_t type = Load<uint32_t>(record.bytes);
  if (start_ == 0) start_ = record.time;
  now_ = std::max(now_, record.time);
  if (IsPassedOver(record)) return true;
  // Where a batch ends is recorded; a forged one may leave that out.
  if (++since_delivery_ % kSendEvery == 0) Send();
  if (type == kNoteType) return ConsumeNote(record);
  // What stands beside notes is for others.
  if (type != PERF_RECORD_SAMPLE) return true;
  FaultRow row;
  if (record.event->kind != EventKind::kOwnFault ||
      !ReadFault(record.bytes, record.length, start_, &row)) {
    return false;
  }
  const uint8_t completion = row.flags & kFlagCompletion;
  (completion == kFlagMaj ? own_major_ : completion == kFlagMin ? own_minor_ : own_unresolved_)++;
  mailbox_.Add(row);
  return true;
}

bool Replay::ReadRow(const RawRecord& record, RecordRow* out) const {
  if (!ReadNote(record.bytes, record.length, record.time, start_, out)) return false;
  // What was entered before the file began came upon what its head tells of, which is of time 0.
  if (out->entered > 0) out->entered = std::max(out->entered, origin_ + 1) - origin_;
  return true;
}

bool Replay::ConsumeNote(const RawRecord& record) {
  const uint8_t* bytes = record.bytes;
  RecordRow row;
  if (ReadRow(record, &row)) {
    if (row.type == RecordType::kStack && record.time < passed_over_) return true;
    if (row.type == RecordType::kLost) own_lost_ += row.count;
    // Else it is of the beginning, and has been taken.
    if (record.time > start_ || !file_.seekable()) mailbox_.Add(row);
    return true;
  }
  uint64_t horizon;
  if (ReadBatchEnd(bytes, record.length, &horizon)) {
    if (record.time < passed_over_) return true;
    mailbox_.Flush(horizon - std::min(origin_, horizon), true);
    Send();
    return true;
  }
  if (ReadOrigin(bytes, record.length, &origin_)) return true;
  const char* text;
  size_t size;
  if (!ReadFact(bytes, record.length, &text, &size)) return false;
  // Of a file all facts have been taken before.
  if (!file_.seekable()) left_ = left_ || !sink_->OnFact(std::string(text, size));
  return true;
}

void Replay::Deliver(bool all) {
  since_delivery_ = 0;
  delivered_at_ = now_;
  mailbox_.Flush(now_ > start_ ? now_ - start_ : 0, all);
  Send();
}

bool Replay::Send() {
  while (!left_ && mailbox_.Take(batch_.get(), kBatchBytes)) {
    left_ = !sink_->OnBatch(batch_.get());
  }
  return !left_;
}

const char* NameOf(Trouble trouble) {
  switch (trouble) {
    case Trouble::kNone:
      return "";
    case Trouble::kUnreadable:
      return "UNREADABLE";
    case Trouble::kEmpty:
      return "EMPTY";
    case Trouble::kNotPerfData:
      return "NOT_PERF_DATA";
    case Trouble::kByteOrder:
      return "BYTE_ORDER";
    case Trouble::kHead:
      return "HEAD";
    case Trouble::kForwardOnly:
      return "FORWARD_ONLY";
    case Trouble::kNoEvents:
      return "NO_EVENTS";
    case Trouble::kIdentity:
      return "IDENTITY";
    case Trouble::kCompressed:
      return "COMPRESSED";
    case Trouble::kNotBuilt:
      return "NOT_BUILT";
    case Trouble::kBomb:
      return "BOMB";
    case Trouble::kCutOff:
      return "CUT_OFF";
    case Trouble::kDamaged:
      return "DAMAGED";
  }
  return "";
}

}  // namespace perfdata
}  // namespace pagefault
