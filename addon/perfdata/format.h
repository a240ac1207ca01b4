// perf.data as it lies on disk: tools/perf/Documentation/perf.data-file-format.txt of the kernel,
// and tools/perf/util/header.c for what that leaves out.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pagefault {
namespace perfdata {

constexpr uint64_t kMagic = 0x32454c4946524550;         // "PERFILE2"
constexpr uint64_t kMagicSwapped = 0x50455246494c4532;  // of a machine of the other byte order
constexpr size_t kPipeHeader = 16;

struct FileSection {
  uint64_t offset;
  uint64_t size;
};

struct FileHeader {
  uint64_t magic;
  uint64_t size;
  uint64_t attr_size;  // of perf_event_attr and the section of its ids
  FileSection attrs;
  FileSection data;
  FileSection event_types;
  uint64_t features[4];
};
static_assert(sizeof(FileHeader) == 104, "as perf writes it");

// Types of records that no kernel makes (tools/lib/perf/include/perf/event.h).
enum UserRecord : uint32_t {
  kFirstUserRecord = 64,
  kHeaderAttr = 64,
  kTracingData = 66,  // u32 bytes that lie behind the record
  kFinishedRound = 68,
  kAuxTrace = 71,       // u64 bytes that lie behind the record
  kEventUpdate = 78,    // u64 what (kEventName), u64 id, what it is
  kHeaderFeature = 80,  // u64 bit, the section
  kCompressed = 81,
  kFinishedInit = 82,
  kCompressed2 = 83,  // u64 bytes, data, padding
};

constexpr uint64_t kEventName = 2;

// Bits of FileHeader::features: each has a section, in the order of the bits.
enum Feature : uint32_t {
  kFeatureTracingData = 1,
  kFeatureBuildIds = 2,  // records: header, i32 pid, 24 bytes build id, its path
  kFeatureHostname = 3,
  kFeatureRelease = 4,
  kFeatureVersion = 5,
  kFeatureArchitecture = 6,
  kFeatureCpus = 7,
  kFeatureCommandLine = 11,
  kFeatureEventDescription = 12,
  kFeatureSampleTime = 21,  // u64 of the first record, u64 of the last
  kFeatureCompressed = 27,  // five u32: version, type, level, ratio, bytes of a decompressed record
  kFeatureBits = 256,
};

}  // namespace perfdata
}  // namespace pagefault
