#include "replay/head.h"

#include <algorithm>
#include <cstring>

#include "perfdata/format.h"
#include "reader/bytes.h"

namespace pagefault {
namespace perfdata {

namespace {

using reader::Input;

constexpr size_t kSmallestAttr = PERF_ATTR_SIZE_VER0;
constexpr size_t kMaxText = 4096;
constexpr size_t kMaxArguments = 4096;
// An event for each CPU of a large machine and each of its threads.
constexpr size_t kMaxIds = 1 << 22;
constexpr size_t kMaxBuildIds = 65536;

// u32 length, so many bytes with zeros at their end.
bool ReadText(Input* in, std::string* out) {
  const uint32_t length = in->U32();
  std::string text;
  if (!in->Text(length, &text)) return false;
  text.resize(std::min(strnlen(text.c_str(), text.size()), kMaxText));
  *out = text;
  return true;
}

void ReadCommandLine(Input* in, Head* out) {
  const uint32_t count = in->U32();
  out->command.clear();
  std::string word;
  for (uint32_t i = 0; i < count && i < kMaxArguments && ReadText(in, &word); i++) {
    out->command.push_back(word);
  }
}

// Of files with samples (struct perf_record_header_build_id, tools/lib/perf/include/perf/event.h).
void ReadBuildIds(const uint8_t* bytes, size_t length, Head* out) {
  constexpr size_t kIdAt = 12, kSizeAt = kIdAt + 20, kNameAt = kIdAt + 24;
  // The byte behind the id is its size (PERF_RECORD_MISC_BUILD_ID_SIZE, since Linux 5.12).
  constexpr uint16_t kSized = 1 << 15;
  constexpr size_t kWhole = 20;
  for (size_t at = 0; length - at > kNameAt && out->build_ids.size() < kMaxBuildIds;) {
    perf_event_header header;
    memcpy(&header, bytes + at, sizeof header);
    if (header.size <= kNameAt || header.size > length - at) return;
    const char* const name = reinterpret_cast<const char*>(bytes + at + kNameAt);
    const bool sized = (header.misc & kSized) != 0;
    const size_t size = sized ? std::min<size_t>(bytes[at + kSizeAt], kWhole) : kWhole;
    out->build_ids[std::string(name, strnlen(name, header.size - kNameAt))] =
        std::string(reinterpret_cast<const char*>(bytes + at + kIdAt), size);
    at += header.size;
  }
}

}  // namespace

bool ReadAttr(const uint8_t* bytes, size_t length, perf_event_attr* out) {
  if (length < kSmallestAttr) return false;
  memset(out, 0, sizeof *out);
  memcpy(out, bytes, std::min(length, sizeof *out));
  // 0: before it was filled in.
  if (out->size == 0) out->size = kSmallestAttr;
  if (out->size < kSmallestAttr || out->size > length) return false;
  // What lies behind its own size is not the attr's.
  if (out->size < sizeof *out) {
    memset(reinterpret_cast<uint8_t*>(out) + out->size, 0, sizeof *out - out->size);
  }
  return true;
}

bool ReadHeaderAttr(const uint8_t* bytes, size_t length, Head* out) {
  RecordedEvent event = {};
  if (!ReadAttr(bytes, length, &event.attr)) return false;
  for (size_t at = event.attr.size; length - at >= 8 && event.ids.size() < kMaxIds; at += 8) {
    uint64_t id;
    memcpy(&id, bytes + at, sizeof id);
    event.ids.push_back(id);
  }
  out->events.push_back(std::move(event));
  return true;
}

void ReadFeature(uint32_t feature, const uint8_t* bytes, size_t length, Head* out) {
  Input in(bytes, length);
  switch (feature) {
    case kFeatureTracingData:
      return ReadTracingData(bytes, length, out);
    case kFeatureBuildIds:
      return ReadBuildIds(bytes, length, out);
    case kFeatureHostname:
      ReadText(&in, &out->host);
      return;
    case kFeatureCpus:  // u32 configured, u32 online
      in.U32();
      out->cpus = in.U32();
      return;
    case kFeatureSampleTime:
      out->first_time = in.U64();
      out->last_time = in.U64();
      return;
    case kFeatureCompressed:
      out->compressed = true;
      return;
    case kFeatureCommandLine:
      return ReadCommandLine(&in, out);
    default:
      return;
  }
}

}  // namespace perfdata
}  // namespace pagefault
