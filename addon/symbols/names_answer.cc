#include "names_answer.h"

#include <algorithm>

namespace pagefault {
namespace symbols {

uint32_t NamesAnswer::String(const std::string& text) {
  if (text.empty()) return 0;
  std::string cut = text.substr(0, kMaxString);
  const auto known = numbers_.find(cut);
  if (known != numbers_.end()) return known->second;
  if (bytes_ + cut.size() > kMaxStringBytes) return 0;
  bytes_ += cut.size();
  const auto added =
      numbers_.emplace(std::move(cut), static_cast<uint32_t>(strings_.size() + 1)).first;
  strings_.push_back(&added->first);
  return added->second;
}

void NamesAnswer::Place(uint32_t object, const std::vector<NamedFrame>& frames, bool frameless) {
  const size_t count = std::min(frames.size(), kMaxFrames);
  places_.U32(object);
  places_.U8(static_cast<uint8_t>(count | (frameless ? kFrameless : 0)));
  for (size_t i = 0; i < count; i++) {
    // The outermost one is the function that there is code of.
    const NamedFrame& frame = i + 1 == count ? frames.back() : frames[i];
    places_.U32(frame.name);
    places_.U64(frame.offset);
    places_.U32(frame.file);
    places_.U32(frame.line);
  }
}

void NamesAnswer::Write(reader::Output* out) const {
  out->U32(static_cast<uint32_t>(strings_.size()));
  for (const std::string* text : strings_) {
    out->U16(static_cast<uint16_t>(text->size()));
    out->Raw(text->data(), text->size());
  }
  out->Raw(places_.bytes().data(), places_.bytes().size());
}

bool IsNamesAnswer(const std::vector<uint8_t>& payload, size_t places) {
  reader::Input in(payload.data(), payload.size());
  const uint32_t strings = in.U32();
  size_t bytes = 0;
  std::string text;
  for (uint32_t i = 0; i < strings; i++) {
    const size_t length = in.U16();
    bytes += length;
    if (length > kMaxString || bytes > kMaxStringBytes || !in.Text(length, &text)) return false;
  }
  for (size_t i = 0; i < places; i++) {
    if (in.U32() > strings) return false;
    const size_t frames = in.U8() & ~size_t{kFrameless};
    if (frames > kMaxFrames) return false;
    for (size_t frame = 0; frame < frames; frame++) {
      const uint32_t name = in.U32();
      in.U64();
      const uint32_t file = in.U32();
      in.U32();
      if (name > strings || file > strings) return false;
    }
  }
  return in.Exact();
}

}  // namespace symbols
}  // namespace pagefault
