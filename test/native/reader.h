// Reads batches as JavaScript does: from the bytes, by the layout that stands in addon/wire/batch.h
// and src/core/wire/batch.ts, written out here once more so that a change of one of them is
// noticed.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "wire/mailbox.h"

namespace pagefault {
namespace test {

struct SeenFault {
  double time, latency;
  uint64_t address, ip;
  uint32_t pid, tid, weight, counted;
  uint16_t error_code;
  uint8_t flags, signal;
};
struct SeenRecord {
  uint8_t type;
  double time, start, end, pgoff, entered, new_start, new_end, count;
  uint32_t at, pid, tid, parent_pid, parent_tid, prot, flags, dev_major, dev_minor;
  uint64_t ino;
  std::string name;
};
struct SeenBatch {
  double horizon = 0;
  std::vector<SeenFault> faults;
  std::vector<SeenRecord> records;
};

class BatchReader {
 public:
  BatchReader() : buffer_(new uint8_t[kBatchBytes]) {}

  bool Take(Mailbox& mailbox, SeenBatch* out) {
    if (!mailbox.Take(buffer_.get(), kBatchBytes)) return false;
    Parse(out);
    return true;
  }
  // Everything that waits, in one.
  SeenBatch All(Mailbox& mailbox) {
    SeenBatch all, one;
    while (Take(mailbox, &one)) {
      all.horizon = one.horizon;
      all.faults.insert(all.faults.end(), one.faults.begin(), one.faults.end());
      all.records.insert(all.records.end(), one.records.begin(), one.records.end());
    }
    return all;
  }

 private:
  template <typename T>
  T At(size_t offset, size_t i) const {
    T value;
    memcpy(&value, buffer_.get() + offset + i * sizeof value, sizeof value);
    return value;
  }

  void Parse(SeenBatch* out) const {
    constexpr size_t F = 16384, R = 8192;
    *out = SeenBatch();
    const uint32_t faults = At<uint32_t>(0, 0);
    const uint32_t records = At<uint32_t>(0, 1);
    out->horizon = At<double>(16, 0);
    const size_t latency = 64 + 8 * F, words = latency + 8 * F, code = words + 32 * F;
    const size_t flags = code + 2 * F, signal = flags + F, doubles = signal + F,
                 rec_words = doubles + 64 * R;
    const size_t type = rec_words + 52 * R, names = type + R;
    const auto pair = [&](size_t at, size_t column, size_t rows, size_t i) {
      return uint64_t{At<uint32_t>(at, column * rows + i)} |
             uint64_t{At<uint32_t>(at, (column + 1) * rows + i)} << 32;
    };
    for (size_t i = 0; i < faults; i++) {
      out->faults.push_back({At<double>(64, i), At<double>(latency, i), pair(words, 0, F, i),
                             pair(words, 2, F, i), At<uint32_t>(words, 4 * F + i),
                             At<uint32_t>(words, 5 * F + i), At<uint32_t>(words, 6 * F + i),
                             At<uint32_t>(words, 7 * F + i), At<uint16_t>(code, i),
                             At<uint8_t>(flags, i), At<uint8_t>(signal, i)});
    }
    for (size_t i = 0; i < records; i++) {
      const auto number = [&](size_t column) { return At<double>(doubles, column * R + i); };
      const auto word = [&](size_t column) { return At<uint32_t>(rec_words, column * R + i); };
      const char* name = reinterpret_cast<const char*>(buffer_.get()) + names + word(11);
      out->records.push_back({At<uint8_t>(type, i),
                              number(0),
                              number(1),
                              number(2),
                              number(3),
                              number(4),
                              number(5),
                              number(6),
                              number(7),
                              word(0),
                              word(1),
                              word(2),
                              word(3),
                              word(4),
                              word(5),
                              word(6),
                              word(7),
                              word(8),
                              pair(rec_words, 9, R, i),
                              std::string(name, word(12))});
    }
  }

  std::unique_ptr<uint8_t[]> buffer_;
};

}  // namespace test
}  // namespace pagefault
