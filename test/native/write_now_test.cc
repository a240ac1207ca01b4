// Writing without waiting to what has no O_NONBLOCK and has nobody who reads.

#include "util/write_now.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

#include "check.h"
#include "util/fd.h"

namespace pagefault {
namespace test {
namespace {

// Writes until nothing is taken any more: the bytes taken. A call that blocked would never return.
size_t Fill(int fd) {
  const std::vector<char> bytes(1 << 16, 'x');
  size_t taken = 0;
  for (;;) {
    const ssize_t n = WriteNow(fd, bytes.data(), bytes.size());
    if (n < 0) {
      CHECK_EQ(n, -EAGAIN);
      return taken;
    }
    taken += static_cast<size_t>(n);
  }
}

// Fills, reads some, fills again: everything taken has arrived.
void CheckFull(int writer, int reader) {
  CHECK_EQ(fcntl(writer, F_GETFL) & O_NONBLOCK, 0);
  size_t taken = Fill(writer);
  CHECK(taken >= 4096);
  std::vector<char> buffer(1 << 16);
  size_t got = static_cast<size_t>(read(reader, buffer.data(), buffer.size()));
  taken += Fill(writer);
  CHECK_EQ(fcntl(writer, F_GETFL) & O_NONBLOCK, 0);
  close(writer);
  ssize_t n;
  while ((n = read(reader, buffer.data(), buffer.size())) > 0) got += static_cast<size_t>(n);
  CHECK_EQ(got, taken);
}

}  // namespace

TEST(write_now_fills_a_stream_socket) {
  int fds[2];
  CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  Fd reader(fds[1]);
  CheckFull(fds[0], reader.get());
}

TEST(write_now_fills_a_pipe) {
  int fds[2];
  CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
  Fd reader(fds[0]);
  CheckFull(fds[1], reader.get());
}

TEST(write_now_stops_at_a_terminal_whose_output_nobody_takes) {
  Fd master(posix_openpt(O_RDWR | O_NOCTTY));
  CHECK(grantpt(master.get()) == 0 && unlockpt(master.get()) == 0);
  Fd terminal(open(ptsname(master.get()), O_RDWR | O_NOCTTY));
  CHECK(terminal.ok());
  CHECK(Fill(terminal.get()) > 0);
}

TEST(write_now_says_that_the_reader_has_gone) {
  int fds[2];
  CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  Fd writer(fds[0]);
  close(fds[1]);
  // Were SIGPIPE raised, this program would end here.
  CHECK_EQ(WriteNow(writer.get(), "x", 1), -EPIPE);
  CHECK_EQ(WriteNow(-1, "x", 1), -EBADF);
}

}  // namespace test
}  // namespace pagefault
