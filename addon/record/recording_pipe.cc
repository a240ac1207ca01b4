#include "record/recording_pipe.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "perfdata/format.h"

namespace pagefault {
namespace perfdata {

namespace {

constexpr int kPollMs = 50;

void PutRecord(uint32_t type, const reader::Output& body, std::vector<uint8_t>* out) {
  // Bodies are padded, as all records are.
  const size_t padded = (body.bytes().size() + 7) / 8 * 8;
  const size_t size = sizeof(perf_event_header) + padded;
  if (size > UINT16_MAX) return;  // a command line beyond all measure
  const size_t begin = out->size();
  const perf_event_header header = {type, 0, static_cast<uint16_t>(size)};
  out->resize(begin + size);
  memcpy(out->data() + begin, &header, sizeof header);
  memcpy(out->data() + begin + sizeof header, body.bytes().data(), body.bytes().size());
}

}  // namespace

RecordingPipe::RecordingPipe(Fd pipe, const HeadParts& parts, const std::atomic<bool>& given_up)
    : fd_(std::move(pipe)), parts_(parts), given_up_(given_up) {}

int RecordingPipe::Begin() {
  reader::Output head;
  head.U64(kMagic);
  head.U64(kPipeHeader);
  std::vector<uint8_t> out = head.bytes();
  for (size_t i = 0; i < kOwnEvents; i++) {
    const perf_event_attr attr = AttrOf(static_cast<OwnEvent>(i), parts_.mode);
    reader::Output event;
    event.Raw(&attr, kOwnAttrSize);
    event.U64(kFirstOwnId + i);
    PutRecord(kHeaderAttr, event, &out);
  }
  for (const auto& [bit, section] : FeaturesOf(parts_)) {
    reader::Output feature;
    feature.U64(bit);
    feature.Raw(section.bytes().data(), section.bytes().size());
    PutRecord(kHeaderFeature, feature, &out);
  }
  for (size_t i = 0; i < kOwnEvents; i++) {
    const char* name = NameOf(static_cast<OwnEvent>(i));
    reader::Output update;
    update.U64(kEventName);
    update.U64(kFirstOwnId + i);
    update.Raw(name, strlen(name) + 1);
    PutRecord(kEventUpdate, update, &out);
  }
  return Write(out);
}

// The pipe is others', too, and its mode with it: it may block. Where poll() says that there is
// room, there is some for PIPE_BUF bytes (pipe(7)).
int RecordingPipe::Write(const std::vector<uint8_t>& bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    struct pollfd pipe = {fd_.get(), POLLOUT, 0};
    const int ready = poll(&pipe, 1, kPollMs);
    if (ready < 0 && errno != EINTR) return errno;
    if (ready <= 0) {
      if (given_up_.load()) return ETIMEDOUT;
      continue;
    }
    const size_t part = std::min<size_t>(bytes.size() - done, PIPE_BUF);
    const ssize_t n = write(fd_.get(), bytes.data() + done, part);
    if (n < 0 && errno != EINTR && errno != EAGAIN) return errno;
    if (n > 0) done += static_cast<size_t>(n);
  }
  return 0;
}

}  // namespace perfdata
}  // namespace pagefault
