// pagefault-replay [FILE [TO MOST]]: reads a recording, by default on its standard input, and
// writes what is in it, as batches of faults, to the socket that is its standard output. With TO,
// ns from its start, it is entered MOST faults before that.
//
// Whoever made the recording may be anybody. So this is a process of its own, which has given up
// everything else (addon/sandbox) before it reads a byte. Ends when nobody listens any more.
//
//   frame   u32 length of what follows, u32 0, u8 kind, i32 0, payload: frames as pagefault-reader
//           answers with (reader/frame.h)

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "reader/bytes.h"
#include "replay/replay.h"
#include "sandbox/sandbox.h"
#include "util/error.h"

namespace {

using pagefault::perfdata::NameOf;
using pagefault::perfdata::Replay;
using pagefault::perfdata::ReplaySink;
using pagefault::perfdata::Trouble;
using pagefault::reader::Output;

constexpr int kInput = 0;
constexpr int kSocket = 1;
// Kinds of frame, as src/sources/recording has them.
enum Kind : uint8_t { kHead = 1, kBatch = 2, kEnd = 3, kFact = 4, kBegin = 5 };

// Reading takes 60 MB: the sorted records and eight batches. A recording may take as long as it is.
constexpr pagefault::sandbox::Limits kLimits = {1024 << 20, 0, 8};

bool SendAll(const std::vector<uint8_t>& bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    struct iovec part = {const_cast<uint8_t*>(bytes.data()) + done, bytes.size() - done};
    struct msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    const ssize_t n = sendmsg(kSocket, &message, MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) done += static_cast<size_t>(n);
  }
  return true;
}

class Frames : public ReplaySink {
 public:
  bool Send(Kind kind, const std::string& text) {
    Start(kind);
    frame_.Raw(text.data(), text.size());
    return Finish();
  }
  bool OnHead(const std::string& facts) override { return Send(kHead, facts); }
  bool OnFact(const std::string& text) override { return Send(kFact, text); }
  bool OnBegin(const std::string& facts) override { return Send(kBegin, facts); }
  // The header of the batch, then of each column the rows that are in use.
  bool OnBatch(const uint8_t* batch) override {
    uint32_t used[3];
    memcpy(used, batch, sizeof used);
    Start(kBatch);
    frame_.Raw(batch, pagefault::kBatchHeader);
    size_t i = 0;
    for (const pagefault::Column& column : pagefault::kBatchColumns) {
      frame_.Raw(batch + column.offset, WidthOf(column.type) * pagefault::RowsInUse(used, i++));
    }
    return Finish();
  }

 private:
  void Start(Kind kind) {
    frame_.Clear();
    frame_.U32(0);  // the length, which Finish knows
    frame_.U32(0);
    frame_.U8(kind);
    frame_.U32(0);
  }
  bool Finish() {
    std::vector<uint8_t>& bytes = frame_.bytes();
    const uint32_t length = static_cast<uint32_t>(bytes.size() - sizeof(uint32_t));
    memcpy(bytes.data(), &length, sizeof length);
    return SendAll(bytes);
  }
  Output frame_;
};

// Whoever started us has died already, which the kernel tells those only that have asked before.
bool NobodyListens() {
  struct pollfd socket = {kSocket, 0, 0};
  return poll(&socket, 1, 0) > 0;
}

// With the rights of whoever started us, before they are given up. Waits for the writer of a FIFO.
// '' or what went wrong.
std::string Open(const char* file) {
  const int fd = open(file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return "OPEN\nerrno " + pagefault::ErrnoText(errno);
  if (fd != kInput && dup2(fd, kInput) < 0) return "OPEN\nerrno " + pagefault::ErrnoText(errno);
  struct stat status;
  if (fstat(kInput, &status) == 0 && S_ISDIR(status.st_mode)) return "DIRECTORY";
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  mallopt(M_ARENA_MAX, 1);
  Frames frames;
  // Also while it waits for the writer of a FIFO. Cannot fail: the signal is one.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (NobodyListens()) return 0;
  std::string refused = argc > 1 ? Open(argv[1]) : "";
  if (refused.empty() && !pagefault::sandbox::GiveUpEverything(kLimits)) refused = "SANDBOX";
  if (!refused.empty()) {
    frames.Send(kEnd, "trouble " + refused + "\n");
    return 3;
  }
  pagefault::perfdata::Entrance entrance;
  if (argc > 3) entrance = {strtoull(argv[2], nullptr, 10), strtoull(argv[3], nullptr, 10)};
  Replay replay(kInput, &frames, entrance);
  const Trouble trouble = replay.Run();
  std::string end = "trouble " + std::string(NameOf(trouble)) + "\n";
  if (trouble == Trouble::kUnreadable) {
    end += "errno " + pagefault::ErrnoText(replay.error()) + "\n";
  }
  frames.Send(kEnd, end + replay.Counters());
  return 0;
}
