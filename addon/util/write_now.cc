#include "util/write_now.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace pagefault {

namespace {

// What poll(2) promises room for: a pipe has a free page, a terminal takes a line (WAKEUP_CHARS of
// drivers/tty/n_tty.c).
constexpr size_t kPipePiece = PIPE_BUF;
constexpr size_t kTerminalPiece = 256;

}  // namespace

ssize_t WriteNow(int fd, const void* data, size_t length) {
  ssize_t n = send(fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n >= 0) return n;
  if (errno != ENOTSOCK) return -errno;
  pollfd ready = {fd, POLLOUT, 0};
  if (poll(&ready, 1, 0) < 0) return -errno;
  if (ready.revents == 0) return -EAGAIN;
  n = write(fd, data, std::min(length, isatty(fd) ? kTerminalPiece : kPipePiece));
  return n >= 0 ? n : -errno;
}

}  // namespace pagefault
