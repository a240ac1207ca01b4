#include "message.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <cstring>

namespace pagefault {
namespace symbols {

namespace {

constexpr size_t kHead = 5;
constexpr size_t kPacket = 32 << 10;

// Room for one descriptor, aligned as the header of a control message has to be.
union Control {
  struct cmsghdr head;
  char bytes[CMSG_SPACE(sizeof(int))];
};

int Wait(int socket, short events, int64_t deadline) {
  if (deadline == kForever) return 0;
  for (;;) {
    const int64_t left = deadline - Now();
    if (left <= 0) return ETIMEDOUT;
    struct pollfd ready = {socket, events, 0};
    const int n = poll(&ready, 1, static_cast<int>(left / 1'000'000) + 1);
    if (n > 0) return 0;
    if (n < 0 && errno != EINTR) return errno;
  }
}

int SendPacket(int socket, const uint8_t* bytes, size_t length, int file, int64_t deadline) {
  struct iovec part = {const_cast<uint8_t*>(bytes), length};
  struct msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  Control control = {};
  if (file >= 0) {
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    struct cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof file);
    memcpy(CMSG_DATA(head), &file, sizeof file);
  }
  // Whoever has a deadline does not rely on the other side to read.
  const int flags = MSG_NOSIGNAL | (deadline == kForever ? 0 : MSG_DONTWAIT);
  for (;;) {
    if (sendmsg(socket, &message, flags) >= 0) return 0;
    if (errno == EINTR) continue;
    if (errno == ECONNRESET) return EPIPE;
    if (errno != EAGAIN) return errno;
    const int error = Wait(socket, POLLOUT, deadline);
    if (error != 0) return error;
  }
}

// One packet; 0 bytes at the end of the stream.
int ReceivePacket(int socket, int64_t deadline, std::vector<uint8_t>* bytes, Fd* file) {
  const int error = Wait(socket, POLLIN, deadline);
  if (error != 0) return error;
  bytes->resize(kPacket);
  struct iovec part = {bytes->data(), bytes->size()};
  Control control = {};
  struct msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  ssize_t n;
  do {
    n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return errno == ECONNRESET ? EPIPE : errno;
  struct cmsghdr* head = CMSG_FIRSTHDR(&message);
  if (head != nullptr && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
      head->cmsg_len == CMSG_LEN(sizeof(int))) {
    int received;
    memcpy(&received, CMSG_DATA(head), sizeof received);
    file->Reset(received);
  }
  // A packet that is longer, or brings more files, is none of ours.
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return EPROTO;
  bytes->resize(static_cast<size_t>(n));
  return n == 0 ? EPIPE : 0;
}

}  // namespace

int64_t Now() {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

int SendMessage(int socket, uint8_t what, const std::vector<uint8_t>& payload, int file,
                int64_t deadline) {
  const size_t first = std::min(payload.size(), kPacket - kHead);
  std::vector<uint8_t> packet(kHead + first);
  const uint32_t length = static_cast<uint32_t>(payload.size());
  memcpy(packet.data(), &length, sizeof length);
  packet[4] = what;
  if (first > 0) memcpy(packet.data() + kHead, payload.data(), first);
  int error = SendPacket(socket, packet.data(), packet.size(), file, deadline);
  for (size_t at = first; at < payload.size() && error == 0; at += kPacket) {
    error = SendPacket(socket, payload.data() + at, std::min(kPacket, payload.size() - at), -1,
                       deadline);
  }
  return error;
}

int ReceiveMessage(int socket, int64_t deadline, Message* out) {
  std::vector<uint8_t> packet;
  int error = ReceivePacket(socket, deadline, &packet, &out->file);
  if (error != 0) return error;
  uint32_t length;
  if (packet.size() < kHead) return EPROTO;
  memcpy(&length, packet.data(), sizeof length);
  if (length > kMaxMessage) return EPROTO;
  out->what = packet[4];
  out->payload.assign(packet.begin() + kHead, packet.end());
  while (out->payload.size() < length) {
    Fd none;
    error = ReceivePacket(socket, deadline, &packet, &none);
    if (error != 0) return error;
    if (none.ok()) return EPROTO;
    out->payload.insert(out->payload.end(), packet.begin(), packet.end());
  }
  return out->payload.size() == length ? 0 : EPROTO;
}

}  // namespace symbols
}  // namespace pagefault
