#include "protocol.h"

#include "../reader/bytes.h"

namespace pagefault {
namespace symbols {

namespace {

void Put(reader::Output* out, const std::string& text, size_t most) {
  const size_t length = text.size() <= most ? text.size() : 0;
  out->U16(static_cast<uint16_t>(length));
  out->Raw(text.data(), length);
}

bool Get(reader::Input* in, size_t most, std::string* text) {
  const size_t length = in->U16();
  return length <= most && in->Text(length, text);
}

}  // namespace

std::vector<uint8_t> WriteFacts(bool taken, const FileFacts& facts) {
  reader::Output out;
  out.U8(taken);
  out.U8(facts.symbols);
  out.U8(facts.lines);
  out.U32(facts.link_crc);
  Put(&out, facts.build_id, kMaxBuildId);
  Put(&out, facts.link, kMaxLink);
  Put(&out, facts.alt, kMaxLink);
  Put(&out, facts.alt_id, kMaxBuildId);
  return std::move(out.bytes());
}

bool ReadFacts(const std::vector<uint8_t>& payload, bool* taken, FileFacts* facts) {
  reader::Input in(payload.data(), payload.size());
  *taken = in.U8() != 0;
  facts->symbols = in.U8() != 0;
  facts->lines = in.U8() != 0;
  facts->link_crc = in.U32();
  return Get(&in, kMaxBuildId, &facts->build_id) && Get(&in, kMaxLink, &facts->link) &&
         Get(&in, kMaxLink, &facts->alt) && Get(&in, kMaxBuildId, &facts->alt_id) && in.Exact();
}

}  // namespace symbols
}  // namespace pagefault
