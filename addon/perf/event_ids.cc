#include "perf/event_ids.h"

namespace pagefault {

namespace {

// The data source of a software event's sample (PERF_MEM_NA), as far as all kernels have it.
constexpr uint64_t kSourceBits = (uint64_t{1} << 33) - 1;
constexpr uint64_t kNoSource = PERF_MEM_S(OP, NA) | PERF_MEM_S(LVL, NA) | PERF_MEM_S(SNOOP, NA) |
                               PERF_MEM_S(LOCK, NA) | PERF_MEM_S(TLB, NA);

bool HasSource(const SampleLayout& layout, const uint8_t* bytes, size_t length) {
  return length >= size_t{layout.source} + 8 &&
         (Load<uint64_t>(bytes + layout.source) & kSourceBits) == kNoSource;
}

// Has room for as large a stack as its own size says.
bool HasStack(const SampleLayout& layout, const uint8_t* bytes, size_t length) {
  if (length < size_t{layout.fixed} + 8) return false;
  const size_t values =
      Load<uint64_t>(bytes + layout.fixed) == 0 ? 0 : size_t{8} * layout.user_registers;
  const size_t at = layout.fixed + 8 + values;
  if (length < at + 8) return false;
  const uint64_t size = Load<uint64_t>(bytes + at);
  const size_t rest = length - at - 8;
  return size == 0 || (rest >= 8 && rest - 8 >= size);
}

bool HasShape(const SampleLayout& layout, const uint8_t* bytes, size_t length) {
  if (layout.source != 0) return HasSource(layout, bytes, length);
  if (layout.user_stack) return HasStack(layout, bytes, length);
  const size_t fixed = size_t{layout.fixed} + 8;  // with the count
  if (!layout.callchain || length < fixed) return false;
  const size_t rest = length - fixed;
  return rest % 8 == 0 && rest / 8 == Load<uint64_t>(bytes + layout.fixed);
}

}  // namespace

void EventIds::Add(uint64_t id, EventKind kind, uint32_t root, const SampleLayout& layout) {
  if (dense_.empty()) base_ = id;
  const uint64_t index = id - base_;
  if (index < kMaxSpan) {
    if (index >= dense_.size()) dense_.resize(index + 1);
    dense_[index] = {root, kind, false, layout};
  } else {
    sparse_[id] = {root, kind, false, layout};
  }
}

void EventIds::Remove(uint64_t id) {
  const uint64_t index = id - base_;
  if (index < dense_.size()) dense_[index] = Entry();
  sparse_.erase(id);
}

void EventIds::AddBorrowed(EventKind kind, const SampleLayout& layout) {
  if (borrowed_.empty()) none_.layout = layout;
  borrowed_.push_back({0, kind, true, layout});
}

const EventIds::Entry& EventIds::FindSparse(uint64_t id) const {
  const auto found = sparse_.find(id);
  return found == sparse_.end() ? none_ : found->second;
}

const EventIds::Entry& EventIds::ByShape(const uint8_t* bytes, size_t length) const {
  for (const Entry& entry : borrowed_) {
    if (HasShape(entry.layout, bytes, length)) return entry;
  }
  return none_;
}

}  // namespace pagefault
