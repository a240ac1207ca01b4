// What we record ourselves: perf.data in which one fault is one sample that every reader of perf
// understands, and the rest is a note, which they pass over.
//
//   fault   header, id, ip, pid tid, time, address, cpu, period, call chain, weight, data source.
//           Period is how many faults it stands for, weight the latency in ns, 0 for unknown. In
//           the upper half of the CPU's word, which no reader looks at, are error code, flags and
//           signal of a FaultRow. Its event is for others to read: the classes of docs/classes.md,
//           but that a copy whose class was known late is a minor fault.
//   note    PERF_RECORD_ITRACE_START, whose fields are a thread's: header, pid tid, a RecordRow and
//           its name, and what sample_id_all adds. Readers of perf do nothing with it.
//
// Each is alone what it is: of a recording that was cut off, all that is whole is there. Records of
// mappings and tasks that perf knows stand beside their notes, for others to read.
#pragma once

#include <linux/perf_event.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "wire/batch.h"

namespace pagefault {
namespace perfdata {

// The events of our recordings; their ids are these and kFirstOwnId.
enum class OwnEvent : uint8_t { kMinor, kMajor, kError, kCopy };
constexpr size_t kOwnEvents = 4;
constexpr uint64_t kFirstOwnId = 1;
// Bytes of their attrs: every perf since 4.1 takes so many.
constexpr uint32_t kOwnAttrSize = PERF_ATTR_SIZE_VER5;
// In config1, which means nothing for a software event. The last byte is the version.
constexpr uint64_t kOwnMagic = 0x50466175'6c747301;

// What a capture could see; in config2 above the event's number.
struct OwnMode {
  bool entries = false;  // error codes
  bool unmaps = false;
  bool signals = false;
  bool user_only = false;
};

const char* NameOf(OwnEvent event);
perf_event_attr AttrOf(OwnEvent event, const OwnMode& mode);
// Whether an attr is of a recording of ours, and which event's.
bool IsOwn(const perf_event_attr& attr, OwnEvent* event, OwnMode* mode);

// Appends a record. `start` is the session's, raw clock: rows count from it. Returns the bytes of
// the sample, which is the last that is put; 0 where it is too long and was left out.
size_t PutFault(const FaultRow& row, const RecordRow* stack, uint64_t start,
                std::vector<uint8_t>* out);
// Makes the sample of a minor fault one of cow-faults. `sample` is what PutFault has put.
void MakeCopy(uint8_t* sample);
void PutNote(const RecordRow& row, uint64_t start, std::vector<uint8_t>* out);
// Something else that no record tells, as a text (src/sources/recording/recorded-facts.ts). What is
// too long for a record is left out.
void PutFact(const std::string& text, uint64_t time, std::vector<uint8_t>* out);
// Up to here it is a batch, which was complete up to `horizon`.
void PutBatchEnd(uint64_t start, uint64_t horizon, std::vector<uint8_t>* out);
// Of a file that is not the first of its session: it begins so many ns after the session's start,
// from which times in rows count.
void PutOrigin(uint64_t start, uint64_t begins, std::vector<uint8_t>* out);
// Tells of a time, the session's start or end, by a record that says nothing else.
void PutMoment(uint64_t time, std::vector<uint8_t>* out);
// The record of perf that says the same; nothing where there is none.
void PutSideband(const RecordRow& row, uint64_t start, std::vector<uint8_t>* out);

constexpr uint32_t kNoteType = PERF_RECORD_ITRACE_START;

// Reads a record back; rows count from `start`, and names point into the record. False where it
// cannot be one.
bool ReadFault(const uint8_t* bytes, size_t length, uint64_t start, FaultRow* out);
// `time`: of the record.
bool ReadNote(const uint8_t* bytes, size_t length, uint64_t time, uint64_t start, RecordRow* out);

// Whether a note is a fact, whose text then points into it.
bool ReadFact(const uint8_t* bytes, size_t length, const char** text, size_t* size);

// Whether a note is where the file begins.
bool ReadOrigin(const uint8_t* bytes, size_t length, uint64_t* begins);

// Whether a note is the end of a batch.
bool ReadBatchEnd(const uint8_t* bytes, size_t length, uint64_t* horizon);

}  // namespace perfdata
}  // namespace pagefault
