// The path of a record from a ring to a batch, as if there were very many CPUs: rings in plain
// memory, filled with records as the programs of addon/bpf write them, and drained by what a
// session drains its rings with. Run by rings.ts.
//
//   rings merge|whole RINGS RUN   ns of CPU time for each record: the merger alone, or with
//                                 decoding, assembly and the mailbox. RUN: so many records of a
//                                 ring come one after the other before another ring's turn
//
// One number for each round on standard output, then how many faults found no room (0).
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <thread>

#include "bpf/fault_record.h"
#include "faults/pair.h"
#include "perf/perf_event.h"
#include "source/order.h"

namespace pagefault {
namespace {

constexpr size_t kRound = 1 << 18;  // records
constexpr int kRounds = 15;
constexpr size_t kBatches = 64;
constexpr uint64_t kId = 7000;
constexpr size_t kRecordBytes = kRecordHeader + 8 + 4 + kBpfFaultBytes;
constexpr uint32_t kThreadsOfCpu = 4;
constexpr uint64_t kStart = 1'000'000;

uint64_t CpuTime() {
  timespec now;
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) != 0) abort();
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

// One that the kernel would write into.
class Written {
 public:
  explicit Written(size_t bytes) : data_(bytes) { memset(&control_, 0, sizeof control_); }
  Ring Reader() {
    Ring ring;
    ring.Borrow(&control_.data_head, &control_.data_tail, data_.data(), data_.size());
    return ring;
  }
  void Write(uint64_t time, uint32_t tid, uint64_t address) {
    BpfFault fault = {};
    fault.time = time;
    fault.entered = time - 800;
    fault.address = address;
    fault.ip = 0x401000;
    fault.pid = 1000;
    fault.tid = tid;
    fault.error_code = 6;
    fault.ending = kBpfMinor;
    fault.user_mode = 1;
    uint8_t record[kRecordBytes];
    const perf_event_header header = {PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER, kRecordBytes};
    const uint32_t size = kBpfFaultBytes;
    memcpy(record, &header, sizeof header);
    memcpy(record + kRecordHeader, &kId, 8);
    memcpy(record + kRecordHeader + 8, &size, 4);
    memcpy(record + kRecordHeader + 12, &fault, kBpfFaultBytes);
    memcpy(data_.data() + control_.data_head % data_.size(), record, kRecordBytes);
    control_.data_head += kRecordBytes;
  }

 private:
  perf_event_mmap_page control_;
  std::vector<uint8_t> data_;  // of a whole number of records
};

class Rings {
 public:
  Rings(size_t rings, size_t run) : run_(run), turns_(0, rings - 1) {
    size_t bytes = kRecordBytes;
    // Where one ring has twice its share.
    while (bytes < kRecordBytes * (2 * kRound / rings + 4 * run)) bytes *= 2;
    for (size_t i = 0; i < rings; i++) written_.push_back(std::make_unique<Written>(bytes));
    Formats& formats = formats_;
    formats.finished = true;
    Plan plan;
    formats.events.Add(kId, EventKind::kFinished, 0, LayoutOf(EventKind::kFinished, plan, formats));
    for (auto& written : written_) readers_.push_back(written->Reader());
    for (Ring& ring : readers_) sources_.emplace_back(&ring, &formats.events);
    left_.resize(rings);
  }

  void Fill() {
    const size_t most = kRound / written_.size() * 2;
    std::fill(left_.begin(), left_.end(), most);
    for (size_t i = 0; i < kRound; i += run_) {
      size_t ring = turns_(random_);
      while (left_[ring] < run_) ring = (ring + 1) % written_.size();
      left_[ring] -= run_;
      for (size_t k = 0; k < run_; k++) {
        time_ += 20;
        const auto tid = static_cast<uint32_t>(2000 + ring * kThreadsOfCpu + i % kThreadsOfCpu);
        written_[ring]->Write(time_, tid, 0x7f0000000000 + (time_ << 8));
      }
    }
  }

  // As Poller::Pass. Returns ns.
  template <typename Sink>
  uint64_t Drain(Sink&& sink) {
    const uint64_t began = CpuTime();
    for (Ring& ring : readers_) ring.LoadHead();
    merger_.Drain(sources_, UINT64_MAX, UINT64_MAX, sink);
    for (Ring& ring : readers_) ring.Publish();
    return CpuTime() - began;
  }

  const Formats& formats() const { return formats_; }

 private:
  const size_t run_;
  std::mt19937_64 random_{1};
  std::uniform_int_distribution<size_t> turns_;
  uint64_t time_ = kStart;
  std::vector<size_t> left_;
  std::vector<std::unique_ptr<Written>> written_;
  std::vector<Ring> readers_;
  Formats formats_;
  std::vector<RingSource> sources_;
  Merger merger_;
};

void Say(uint64_t ns) {
  printf("%.2f\n", static_cast<double>(ns) / kRound);
}

void MergeAlone(Rings& rings) {
  uint64_t sum = 0;
  for (int round = 0; round < kRounds; round++) {
    rings.Fill();
    Say(rings.Drain([&](const RawRecord& record, uint64_t) { sum += record.time; }));
  }
  printf("%d\n", sum == 0);
}

// In the place of JavaScript: takes batches, and does nothing with them.
void TakeAll(Mailbox& mailbox, const std::atomic<bool>& over) {
  std::vector<uint8_t> batch(kBatchBytes);
  while (!over) {
    if (!mailbox.Take(batch.data(), batch.size())) usleep(100);
  }
}

void Whole(Rings& rings) {
  Mailbox mailbox(kBatches);
  Following following;
  following.wide = following.everyone = true;
  Pairer pairer(rings.formats(), mailbox, kStart, following);
  std::atomic<bool> over{false};
  std::thread reader(TakeAll, std::ref(mailbox), std::cref(over));
  for (int round = 0; round < kRounds; round++) {
    rings.Fill();
    Say(rings.Drain([&](const RawRecord& record, uint64_t now) { pairer.Consume(record, now); }));
    mailbox.Flush(0, true);
    while (mailbox.holds()) usleep(100);
  }
  over = true;
  reader.join();
  printf("%llu\n", static_cast<unsigned long long>(mailbox.drops().minor));
}

}  // namespace
}  // namespace pagefault

int main(int count, char** words) {
  if (count != 4) return 2;
  const auto rings = static_cast<size_t>(atoi(words[2]));
  const auto run = static_cast<size_t>(atoi(words[3]));
  if (rings == 0 || run == 0) return 2;
  pagefault::Rings all(rings, run);
  if (strcmp(words[1], "merge") == 0) {
    pagefault::MergeAlone(all);
  } else {
    pagefault::Whole(all);
  }
  return 0;
}
