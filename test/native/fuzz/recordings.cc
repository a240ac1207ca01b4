// Damaged recordings through all that pagefault-replay does with one, from its head to its batches.
//
//   input   the recording

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

#include "mutate.h"
#include "replay/replay.h"

namespace pagefault {
namespace fuzz {

namespace {

using perfdata::Replay;
using perfdata::ReplaySink;

// What a batch may not be, whatever it is made of.
class CheckingSink : public ReplaySink {
 public:
  bool OnHead(const std::string& facts) override {
    CHECK(facts.size() < (32 << 20));
    heads_++;
    return true;
  }
  bool OnFact(const std::string& text) override {
    CHECK(heads_ == 1 && text.size() <= 0xffff);
    return true;
  }
  bool OnBegin(const std::string& facts) override {
    CHECK(heads_ == 1 && !facts.empty());
    return true;
  }
  bool OnBatch(const uint8_t* batch) override {
    uint32_t used[3];
    memcpy(used, batch, sizeof used);
    CHECK(heads_ == 1);
    CHECK(used[0] <= kFaultCapacity && used[1] <= kRecordCapacity && used[2] <= kNameBytes);
    const uint32_t* at = Column(batch, k_recAt);
    const uint32_t* offset = Column(batch, k_recNameOffset);
    const uint32_t* length = Column(batch, k_recNameLength);
    for (uint32_t i = 0; i < used[1]; i++) {
      CHECK(at[i] <= used[0]);
      CHECK(uint64_t{offset[i]} + length[i] <= used[2]);
    }
    return true;
  }

 private:
  static const uint32_t* Column(const uint8_t* batch, BatchColumn column) {
    return reinterpret_cast<const uint32_t*>(batch + kBatchColumns.column[column].offset);
  }
  int heads_ = 0;
};

class RecordingsKind : public Kind {
 public:
  explicit RecordingsKind(const std::vector<std::string>& files)
      : file_(memfd_create("recording", MFD_CLOEXEC)) {
    for (const std::string& path : files) {
      std::ifstream in(path, std::ios::binary);
      originals_.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
    CHECK(file_ >= 0 && !originals_.empty());
  }
  ~RecordingsKind() override { close(file_); }

  size_t Make(Random* random, Bytes* input) override {
    *input = originals_[random->Below(originals_.size())];
    const size_t size = input->size();
    // The head and its attributes, the records behind them, or anywhere.
    const size_t begins[] = {0, 104, size / 16, 0};
    const size_t ends[] = {104, std::min<size_t>(size, 1200), size / 4, size};
    const uint64_t where = random->Below(4);
    Damage(random, input->data() + begins[where], ends[where] - begins[where]);
    if (random->Below(4) == 0) Damage(random, input->data(), size);
    if (random->Below(16) == 0) input->resize(random->Below(size + 1));
    return 1;
  }

  void Run(const Bytes& input) override {
    CHECK(ftruncate(file_, 0) == 0);
    CHECK(pwrite(file_, input.data(), input.size(), 0) == static_cast<ssize_t>(input.size()));
    lseek(file_, 0, SEEK_SET);
    CheckingSink sink;
    // Every other one is entered in the middle.
    const perfdata::Entrance entrance = {1 << 20, input.size() % 2 * 100};
    Replay replay(file_, &sink, entrance);
    const perfdata::Trouble trouble = replay.Run();
    CHECK(perfdata::NameOf(trouble) != nullptr && !replay.Counters().empty());
  }

 private:
  int file_;
  std::vector<Bytes> originals_;
};

}  // namespace

std::unique_ptr<Kind> Recordings(const std::vector<std::string>& files) {
  return std::make_unique<RecordingsKind>(files);
}

}  // namespace fuzz
}  // namespace pagefault
