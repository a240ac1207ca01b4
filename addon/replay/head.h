// What a recording says before its records: its events and their ids, the formats of tracepoints.
// Every count and size in it is somebody else's claim.
#pragma once

#include <linux/perf_event.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace pagefault {
namespace perfdata {

struct RecordedEvent {
  perf_event_attr attr;
  std::vector<uint64_t> ids;
};

struct RecordedTracepoint {
  std::string name;    // "SYSTEM/NAME"
  std::string format;  // as in tracefs
};

struct Head {
  std::vector<RecordedEvent> events;
  std::map<uint64_t, RecordedTracepoint> tracepoints;  // by perf_event_attr.config
  uint32_t cpus = 0;                                   // 0: not told
  std::vector<std::string> command;                    // what the recorder was started with
  std::string host;
  bool compressed = false;
  std::map<std::string, std::string> build_ids;  // raw, by the paths of their files
  // Of the first and the last sample; 0 where the recorder did not tell.
  uint64_t first_time = 0, last_time = 0;
};

// An attr as it lies in a file: shorter or longer than ours, by its own size. False where it cannot
// be one.
bool ReadAttr(const uint8_t* bytes, size_t length, perf_event_attr* out);

// The payload of PERF_RECORD_HEADER_ATTR: an attr and its ids. False where it cannot be one.
bool ReadHeaderAttr(const uint8_t* bytes, size_t length, Head* out);

// A section of FileHeader::features, or the payload of PERF_RECORD_HEADER_FEATURE behind its
// number. What cannot be read is left out.
void ReadFeature(uint32_t feature, const uint8_t* bytes, size_t length, Head* out);

// What perf calls tracing data: formats of tracepoints (tools/perf/util/trace-event-info.c).
void ReadTracingData(const uint8_t* bytes, size_t length, Head* out);

}  // namespace perfdata
}  // namespace pagefault
