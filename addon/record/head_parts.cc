#include "record/head_parts.h"

#include <sys/utsname.h>
#include <unistd.h>

#include "perfdata/format.h"
#include "record/compressor.h"

namespace pagefault {
namespace perfdata {

namespace {

using reader::Output;

// PERF_COMP_ZSTD, and what perf writes as version (tools/perf/util/compress.h, builtin-record.c).
constexpr uint32_t kZstd = 1, kCompressionVersion = 0;
// Told, and used for nothing.
constexpr uint32_t kRatio = 1;

// u32 length, padded to 64 bytes with zeros, as perf writes it.
void PutText(const std::string& text, Output* out) {
  std::string padded = text;
  padded.resize((text.size() + 1 + 63) / 64 * 64);
  out->U32(static_cast<uint32_t>(padded.size()));
  out->Raw(padded.data(), padded.size());
}

Output TextFeature(const std::string& text) {
  Output out;
  PutText(text, &out);
  return out;
}

Output EventDescription(const OwnMode& mode) {
  Output out;
  out.U32(kOwnEvents);
  out.U32(kOwnAttrSize);
  for (size_t i = 0; i < kOwnEvents; i++) {
    const OwnEvent event = static_cast<OwnEvent>(i);
    const perf_event_attr attr = AttrOf(event, mode);
    out.Raw(&attr, kOwnAttrSize);
    out.U32(1);
    PutText(NameOf(event), &out);
    out.U64(kFirstOwnId + i);
  }
  return out;
}

Output Compression() {
  Output out;
  out.U32(kCompressionVersion);
  out.U32(kZstd);
  out.U32(Compressor::kLevel);
  out.U32(kRatio);
  out.U32(Compressor::kLargestOutput);
  return out;
}

}  // namespace

Features FeaturesOf(const HeadParts& parts) {
  utsname system = {};
  uname(&system);  // fails for a bad pointer only
  Output cpus;
  cpus.U32(static_cast<uint32_t>(sysconf(_SC_NPROCESSORS_CONF)));
  cpus.U32(static_cast<uint32_t>(sysconf(_SC_NPROCESSORS_ONLN)));
  Output words;
  words.U32(static_cast<uint32_t>(parts.command.size()));
  for (const std::string& word : parts.command) PutText(word, &words);
  Features features = {{kFeatureHostname, TextFeature(system.nodename)},
                       {kFeatureRelease, TextFeature(system.release)},
                       {kFeatureVersion, TextFeature("pagefault-analyzer")},
                       {kFeatureArchitecture, TextFeature(system.machine)},
                       {kFeatureCpus, cpus},
                       {kFeatureCommandLine, words},
                       {kFeatureEventDescription, EventDescription(parts.mode)}};
  if (parts.started != 0) {
    Output times;
    times.U64(parts.started);
    times.U64(parts.ended);
    features.emplace_back(kFeatureSampleTime, times);
  }
  if (parts.compressed) features.emplace_back(kFeatureCompressed, Compression());
  return features;
}

}  // namespace perfdata
}  // namespace pagefault
