#include "jit_code.h"

namespace pagefault {
namespace symbols {

namespace {

constexpr size_t kMaxEntries = 1 << 20;
constexpr size_t kMaxNames = 64 << 20;

}  // namespace

uint32_t JitCode::Add(uint64_t start, uint64_t size, const char* name, size_t length) {
  if (entries_.size() >= kMaxEntries || length > kMaxNames - names_.size() ||
      size > ~uint64_t{0} - start) {
    return kNone;
  }
  const uint32_t number = static_cast<uint32_t>(entries_.size());
  ranges_.Add(start, start + size, number, number);
  entries_.push_back({start, static_cast<uint32_t>(names_.size()), static_cast<uint32_t>(length)});
  names_.append(name, length);
  return number;
}

void JitCode::Move(uint32_t function, uint64_t start, uint64_t size) {
  const Entry from = entries_[function];
  const std::string name = names_.substr(from.name, from.length);
  Add(start, size, name.data(), name.size());
}

void JitCode::Answer(reader::Input* places, size_t count, NamesAnswer* out) const {
  std::vector<NamedFrame> frames;
  for (size_t i = 0; i < count; i++) {
    places->U8();
    const uint64_t address = places->U64();
    const uint32_t found = ranges_.Find(address);
    frames.clear();
    if (found != kNone) {
      const Entry& entry = entries_[found];
      NamedFrame frame;
      frame.name = out->String(names_.substr(entry.name, entry.length));
      frame.offset = address - entry.start;
      frames.push_back(frame);
    }
    out->Place(0, frames);
  }
}

}  // namespace symbols
}  // namespace pagefault
