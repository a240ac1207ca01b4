// Serves one file over /dev/fuse, each read of which takes so long; prints a line when it is
// mounted, and ends with its mount. The kernel may read so many bytes ahead, a page if none are
// said.
//   fuse DIRECTORY US [BYTES]
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common.h"

enum { FILE_NODE = 2, SIZE = 64 * 4096, MAX_REQUEST = 1 << 20, VALID_S = 1000 };

static int device;
static useconds_t read_us;
static uint32_t ahead = 4096;
static _Alignas(8) char request[MAX_REQUEST];
static char content[SIZE];

static void reply(int error, const void* body, size_t bytes) {
  const struct fuse_in_header* in = (const struct fuse_in_header*)request;
  struct fuse_out_header head = {
      .len = (uint32_t)(sizeof head + bytes), .error = -error, .unique = in->unique};
  const struct iovec parts[] = {{&head, sizeof head}, {(void*)body, bytes}};
  // ENOENT: whoever has asked does not wait any more.
  if (writev(device, parts, 2) < 0 && errno != ENOENT) die("writev");
}

static struct fuse_attr attributes(uint64_t node) {
  const int root = node == FUSE_ROOT_ID;
  struct fuse_attr attr = {.ino = node, .nlink = 1, .blksize = 4096};
  attr.mode = root ? S_IFDIR | 0755 : S_IFREG | 0444;
  attr.size = root ? 0 : SIZE;
  return attr;
}

static void answer_init(void) {
  const struct fuse_init_out out = {.major = FUSE_KERNEL_VERSION,
                                    .minor = FUSE_KERNEL_MINOR_VERSION,
                                    .max_readahead = ahead,
                                    .flags = FUSE_ASYNC_READ,
                                    .max_write = 4096};
  reply(0, &out, sizeof out);
}

static void answer_lookup(const char* name) {
  const struct fuse_entry_out out = {.nodeid = FILE_NODE,
                                     .attr_valid = VALID_S,
                                     .entry_valid = VALID_S,
                                     .attr = attributes(FILE_NODE)};
  if (strcmp(name, "file") == 0) {
    reply(0, &out, sizeof out);
  } else {
    reply(ENOENT, NULL, 0);
  }
}

static void answer_attributes(uint64_t node) {
  const struct fuse_attr_out out = {.attr_valid = VALID_S, .attr = attributes(node)};
  reply(0, &out, sizeof out);
}

static void answer_read(const struct fuse_read_in* in) {
  usleep(read_us);
  const size_t left = in->offset < SIZE ? SIZE - in->offset : 0;
  reply(0, content, in->size < left ? in->size : left);
}

static void answer(void) {
  const struct fuse_in_header* in = (const struct fuse_in_header*)request;
  const void* body = in + 1;
  const struct fuse_open_out open = {0};
  switch (in->opcode) {
    case FUSE_INIT:
      answer_init();
      break;
    case FUSE_LOOKUP:
      answer_lookup(body);
      break;
    case FUSE_GETATTR:
      answer_attributes(in->nodeid);
      break;
    case FUSE_OPEN:
      reply(0, &open, sizeof open);
      break;
    case FUSE_READ:
      answer_read(body);
      break;
    case FUSE_FLUSH:
    case FUSE_RELEASE:
      reply(0, NULL, 0);
      break;
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
      break;
    default:
      reply(ENOSYS, NULL, 0);
  }
}

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) return 2;
  read_us = (useconds_t)atol(argv[2]);
  if (argc == 4) ahead = (uint32_t)atol(argv[3]);
  device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  char options[80];
  snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", device);
  if (device < 0 || mount("server:/export", argv[1], "fuse.slow", MS_NOSUID | MS_NODEV, options)) {
    die("mount");
  }
  printf("mounted\n");
  fflush(stdout);
  for (;;) {
    if (read(device, request, sizeof request) >= 0) {
      answer();
    } else if (errno != EINTR && errno != ENOENT) {
      return 0;
    }
  }
}
