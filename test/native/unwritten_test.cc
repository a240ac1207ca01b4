// What waits for a recording: each fault that was a copy comes out as one, unless it came out
// before that was told, and then it is counted.

#include "record/unwritten.h"

#include <cstring>
#include <deque>
#include <map>
#include <random>

#include "check.h"
#include "perfdata/own_layout.h"
#include "perfdata/own_records.h"

namespace pagefault {
namespace test {
namespace {

using perfdata::FaultHead;
using perfdata::Unwritten;

// A minor fault, or a major one, with a number as its address. Returns where its sample begins.
size_t PutNumbered(uint64_t number, bool major, std::vector<uint8_t>* out) {
  FaultRow row{};
  row.address = number;
  row.flags = major ? kFlagMaj : kFlagMin;
  const size_t size = perfdata::PutFault(row, nullptr, 0, out);
  return out->size() - size;
}

// The samples of minor faults and copies by their numbers: whether each is a copy.
std::map<uint64_t, uint64_t> IdsOf(const std::vector<uint8_t>& records) {
  std::map<uint64_t, uint64_t> ids;
  for (size_t at = 0; at < records.size();) {
    FaultHead head;
    memcpy(&head, records.data() + at, sizeof head);
    ids[head.address] = head.id;
    at += head.header.size;
  }
  return ids;
}

uint64_t IdOf(perfdata::OwnEvent event) {
  return perfdata::kFirstOwnId + static_cast<uint64_t>(event);
}

struct GivenFault {
  uint64_t number;
  bool major, copy, dropped;
};

}  // namespace

TEST(unwritten_faults_become_copies_until_they_are_written) {
  std::mt19937 random(11);
  const auto chance = [&](uint32_t of) { return random() % of == 0; };
  uint64_t number = 0;
  size_t late = 0, expected_late = 0, copies = 0;
  Unwritten waiting;
  std::vector<uint8_t> written;
  std::map<uint64_t, uint64_t> expected;
  std::vector<GivenFault> open;
  std::deque<std::vector<GivenFault>> batches;
  const auto tell = [&] {
    CHECK_EQ(waiting.waits(), !batches.empty());
    if (batches.empty()) return;
    const auto out = IdsOf(written);
    std::vector<uint8_t> told;
    for (const GivenFault& fault : batches.front()) {
      told.push_back(fault.copy);
      const bool copy = fault.copy && !fault.dropped;
      const bool gone = out.count(fault.number) != 0;
      if (copy && gone) expected_late++;
      if (copy && !gone && !fault.major) {
        expected[fault.number] = IdOf(perfdata::OwnEvent::kCopy);
        copies++;
      }
    }
    batches.pop_front();
    late += waiting.Tell(told.data(), told.size());
  };
  for (int step = 0; step < 4000; step++) {
    if (chance(2)) {
      GivenFault fault = {number++, chance(9), chance(3), chance(20)};
      open.push_back(fault);
      if (fault.dropped) {
        waiting.NoteDropped();
      } else {
        waiting.NoteFault(PutNumbered(fault.number, fault.major, waiting.bytes()));
        expected[fault.number] =
            IdOf(fault.major ? perfdata::OwnEvent::kMajor : perfdata::OwnEvent::kMinor);
      }
    }
    if (chance(9)) {
      waiting.EndBatch();
      batches.push_back(open);
      open.clear();
    }
    if (chance(9)) tell();
    if (chance(30)) {
      // Of what is told no more is known; what is not told is behind it.
      const size_t known = waiting.known();
      const auto ids = IdsOf({waiting.bytes()->begin(),
                              waiting.bytes()->begin() + static_cast<std::ptrdiff_t>(known)});
      for (const auto& batch : batches) {
        for (const GivenFault& fault : batch) CHECK(ids.count(fault.number) == 0);
      }
      for (const GivenFault& fault : open) CHECK(ids.count(fault.number) == 0);
      waiting.MoveTo(&written, known);
    }
    if (chance(300)) waiting.MoveTo(&written, waiting.size());
    if (chance(40)) {
      std::vector<uint8_t> head;
      PutNumbered(number, false, &head);
      expected[number++] = IdOf(perfdata::OwnEvent::kMinor);
      waiting.Prepend(head);
    }
  }
  waiting.EndBatch();
  batches.push_back(open);
  while (!batches.empty()) tell();
  CHECK_EQ(waiting.known(), waiting.size());
  waiting.MoveTo(&written, waiting.size());
  CHECK(IdsOf(written) == expected);
  CHECK_EQ(late, expected_late);
  CHECK(late > 10);
  CHECK(copies > 200);
}

}  // namespace test
}  // namespace pagefault
