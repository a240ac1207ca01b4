// Writing to a descriptor that is shared with others, so that O_NONBLOCK must not be set on it.
#pragma once

#include <stddef.h>
#include <sys/types.h>

namespace pagefault {

// Writes what the descriptor takes now: the number of bytes, or a negative errno; -EAGAIN where it
// takes nothing. Only a file or a disk can still make it wait. SIGPIPE is not raised for a socket.
ssize_t WriteNow(int fd, const void* data, size_t length);

}  // namespace pagefault
