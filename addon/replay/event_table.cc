#include "replay/event_table.h"

#include <algorithm>

#include "perf/tracefs.h"
#include "perfdata/own_records.h"

namespace pagefault {
namespace perfdata {

namespace {

// Where x86 kernels put what the two fault tracepoints tell, for recordings that have lost the
// formats (arch/x86/include/asm/trace/exceptions.h).
constexpr Field kCommonPid = {4, 4};
constexpr Field kFaultFields[] = {{8, 8}, {16, 8}, {24, 8}};
constexpr uint32_t kFaultRawSize = 36;
constexpr uint64_t kLargestErrorCode = 4095;
constexpr uint64_t kFromUserMode = 4;  // X86_PF_USER

uint64_t Bits(uint64_t mask) {
  return static_cast<uint64_t>(__builtin_popcountll(mask));
}

// Which of ours a software event is. `halves`: minor and major faults have events of their own, so
// that the one of all faults comes at their beginning.
EventKind SoftwareKind(uint64_t config, bool halves) {
  switch (config) {
    case PERF_COUNT_SW_PAGE_FAULTS_MIN:
      return EventKind::kMinor;
    case PERF_COUNT_SW_PAGE_FAULTS_MAJ:
      return EventKind::kMajor;
    case PERF_COUNT_SW_PAGE_FAULTS:
      return halves ? EventKind::kEntryAny : EventKind::kMinor;
    default:
      return EventKind::kRingOwner;
  }
}

const EventSpec* TracepointSpec(const std::string& name) {
  for (const EventSpec& spec : kEvents) {
    if (!spec.software() && name == spec.tracepoint) return &spec;
  }
  return nullptr;
}

bool IsCompletion(EventKind kind) {
  return kind == EventKind::kMinor || kind == EventKind::kMajor;
}

bool IsFaultEntry(EventKind kind) {
  return kind == EventKind::kEntryUser || kind == EventKind::kEntryKernel;
}

bool OfSoftware(const perf_event_attr& attr, uint64_t config) {
  return attr.type == PERF_TYPE_SOFTWARE && attr.config == config;
}

// Parts of a sample whose length its attributes do not tell, before those that we read.
bool HasUnknownLength(const perf_event_attr& attr) {
  const bool group =
      (attr.sample_type & PERF_SAMPLE_READ) != 0 && (attr.read_format & PERF_FORMAT_GROUP) != 0;
  return group || (attr.sample_type & PERF_SAMPLE_BRANCH_STACK) != 0;
}

}  // namespace

bool EventTable::Build(const Head& head, Formats* formats) {
  formats_ = formats;
  formats->build_ids = true;
  none_.kind = EventKind::kRingOwner;
  const auto has = [&head](uint64_t config) {
    return std::any_of(head.events.begin(), head.events.end(),
                       [config](const RecordedEvent& e) { return OfSoftware(e.attr, config); });
  };
  const bool halves = has(PERF_COUNT_SW_PAGE_FAULTS_MIN) || has(PERF_COUNT_SW_PAGE_FAULTS_MAJ);
  facts_.mixed = !halves && has(PERF_COUNT_SW_PAGE_FAULTS);
  for (const RecordedEvent& event : head.events) Add(event, head, halves);
  // Two events that tell of the same entry: the one without an error code adds nothing.
  for (Event& event : events_) {
    if (facts_.entries && event.entry.kind == EventKind::kEntryAny) {
      event.entry.kind = EventKind::kRingOwner;
    }
  }
  if (!events_.empty()) none_.layout = events_[0].entry.layout;
  return FindIds(head);
}

void EventTable::Add(const RecordedEvent& recorded, const Head& head, bool halves) {
  const perf_event_attr& attr = recorded.attr;
  Event event = {};
  EventKind kind = EventKind::kRingOwner;
  OwnEvent own;
  OwnMode mode;
  if (IsOwn(attr, &own, &mode)) {
    kind = EventKind::kOwnFault;
    facts_.own = facts_.completions = facts_.whole_maps = true;
    facts_.entries = mode.entries;
    facts_.unmaps = mode.unmaps;
    facts_.signals = mode.signals;
    facts_.user_only = mode.user_only;
  } else if (attr.type == PERF_TYPE_SOFTWARE) {
    kind = SoftwareKind(attr.config, halves);
  } else if (attr.type == PERF_TYPE_TRACEPOINT) {
    const auto found = head.tracepoints.find(attr.config);
    event.nameless = found == head.tracepoints.end();
    // Nobody records another one without its format: it is looked at when it comes.
    facts_.entries = facts_.entries || (event.nameless && head.tracepoints.empty());
    const EventSpec* spec = event.nameless ? nullptr : TracepointSpec(found->second.name);
    TracepointFormat format;
    format.id = attr.config;
    if (spec != nullptr && FindFields(found->second.format, *spec, &format)) {
      kind = spec->kind;
      formats_->Of(kind) = format;
    }
  }
  if (HasUnknownLength(attr)) kind = EventKind::kRingOwner;
  event.entry.kind = kind;
  event.entry.layout = LayoutOf(attr);
  // A borrowed time is one that the order of the records stands in for.
  event.entry.borrowed = event.entry.layout.time == 0;
  NoteFacts(attr, kind);
  for (const uint64_t id : recorded.ids) by_id_[id] = events_.size();
  events_.push_back(event);
}

void EventTable::NoteFacts(const perf_event_attr& attr, EventKind kind) {
  if (IsCompletion(kind)) {
    facts_.completions = true;
    facts_.sampled = facts_.sampled || attr.freq != 0 || attr.sample_period > 1;
    facts_.untimed = facts_.untimed || (attr.sample_type & PERF_SAMPLE_TIME) == 0;
    facts_.user_only = attr.exclude_kernel != 0;
  }
  facts_.whole_maps = facts_.whole_maps || attr.mmap_data != 0;
  facts_.entries = facts_.entries || IsFaultEntry(kind);
  facts_.unmaps = facts_.unmaps || kind == EventKind::kMunmapExit;
  facts_.signals = facts_.signals || kind == EventKind::kSignal;
}

bool EventTable::FindIds(const Head& head) {
  if (head.events.empty()) return false;
  const uint64_t first = head.events[0].attr.sample_type;
  const auto all = [&head](auto test) {
    return std::all_of(head.events.begin(), head.events.end(),
                       [&](const RecordedEvent& e) { return test(e.attr.sample_type); });
  };
  if (all([](uint64_t type) { return (type & PERF_SAMPLE_IDENTIFIER) != 0; })) {
    sample_id_ = kRecordHeader;
    trailer_id_ = 8;
    return true;
  }
  if (events_.size() == 1) return true;
  // Without an identifier the id has its place among the other parts: the same in all of them.
  if (!all([first](uint64_t type) { return type == first; }) || (first & PERF_SAMPLE_ID) == 0) {
    return false;
  }
  const uint64_t before =
      first & (PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR);
  sample_id_ = kRecordHeader + 8 * Bits(before);
  trailer_id_ = 8 * (1 + Bits(first & (PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU)));
  return true;
}

EventTable::Event* EventTable::Find(const uint8_t* bytes, size_t length) {
  if (events_.size() == 1) return &events_[0];
  const size_t back = trailer_id_ > length ? length : trailer_id_;
  const size_t at = IsSample(bytes) ? sample_id_ : length - back;
  if (at < kRecordHeader || length < at + 8) return nullptr;
  const auto found = by_id_.find(Load<uint64_t>(bytes + at));
  return found == by_id_.end() ? nullptr : &events_[found->second];
}

const EventIds::Entry& EventTable::Of(const uint8_t* bytes, size_t length) {
  Event* event = Find(bytes, length);
  if (event == nullptr) return IsSample(bytes) ? Stranger(length) : none_;
  if (event->nameless && IsSample(bytes)) Guess(event, bytes, length);
  return event->entry;
}

// The kernel may have filled in another session's id (EventIds): of those that end where the sample
// does the first is taken.
const EventIds::Entry& EventTable::Stranger(size_t length) {
  for (const Event& event : events_) {
    const SampleLayout& layout = event.entry.layout;
    const bool fixed = !layout.callchain && !layout.raw && !layout.user_stack;
    if (!IsCompletion(event.entry.kind) || !fixed || layout.fixed > length) continue;
    facts_.strangers++;
    return event.entry;
  }
  return none_;
}

void EventTable::Guess(Event* event, const uint8_t* bytes, size_t length) {
  event->nameless = false;
  SampleParts parts;
  const bool whole = FindParts(event->entry.layout, bytes, length, &parts);
  if (!whole || parts.raw == nullptr || parts.raw_size != kFaultRawSize) return;
  const uint64_t code = Load<uint64_t>(parts.raw + kFaultFields[kFaultErrorCode].offset);
  if (code > kLargestErrorCode) return;
  const EventKind kind =
      (code & kFromUserMode) != 0 ? EventKind::kEntryUser : EventKind::kEntryKernel;
  TracepointFormat& format = formats_->Of(kind);
  format.id = ~uint64_t{0};
  format.thread = kCommonPid;
  std::copy(std::begin(kFaultFields), std::end(kFaultFields), format.field);
  event->entry.kind = kind;
  facts_.entries = facts_.guessed = true;
}

}  // namespace perfdata
}  // namespace pagefault
