// First touches of memory and devices that have the name of a file, or none, but no disk.
//   kinds --dir DIR
// DIR/tmpfs and DIR/hugetlbfs are mounts of these. Ends when its standard input does: a mount
// namespace of its own would be gone before anybody could look into it.
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common.h"

#define PAGES 8
#define HUGE ((size_t)2 << 20)

static char* map(size_t bytes, int flags, int fd) {
  char* start = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
  if (start == MAP_FAILED) die("mmap");
  return start;
}

static void touched(const char* region, const char* kind, const char* class_name, const char* cause,
                    char* start, size_t stride, size_t count) {
  struct row row = ANON_ZERO;
  row.region = region;
  row.kind = kind;
  row.class_name = class_name;
  row.cause = cause;
  touch_row(row, start, stride, count, WRITE_PAGES);
}

static void file_in(const char* directory, const char* name, const char* cause, size_t stride,
                    size_t count) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  int fd = open(path, O_RDWR | O_CREAT, 0600);
  if (fd < 0 || ftruncate(fd, (off_t)(stride * count)) != 0) die(path);
  touched(name, "shm", "MINOR", cause, map(stride * count, MAP_SHARED, fd), stride, count);
  unlink(path);
  close(fd);
}

static void object(int fd, const char* region, const char* cause, size_t stride, size_t count) {
  if (fd < 0 || ftruncate(fd, (off_t)(stride * count)) != 0) die(region);
  touched(region, "shm", "MINOR", cause, map(stride * count, MAP_SHARED, fd), stride, count);
}

static void segment(key_t key, int flags, const char* cause, size_t stride, size_t count) {
  int id = shmget(key, stride * count, IPC_CREAT | 0600 | flags);
  if (id < 0) die("shmget");
  char* start = shmat(id, NULL, 0);
  shmctl(id, IPC_RMID, NULL);
  if (start == (void*)-1) die("shmat");
  char label[32];
  snprintf(label, sizeof label, "SYSV%08x", (unsigned)key);
  touched(strdup(label), "shm", "MINOR", cause, start, stride, count);
}

int main(int argc, char** argv) {
  const char* directory = text_option(argc, argv, "--dir", ".");
  char memory[4096], huge[4096];
  snprintf(memory, sizeof memory, "%s/tmpfs", directory);
  snprintf(huge, sizeof huge, "%s/hugetlbfs", directory);
  wait_for_go();

  file_in(memory, "on tmpfs", "shmem", page_size(), PAGES);
  file_in(huge, "on hugetlbfs", "huge-page", HUGE, 1);
  object(memfd_create("plain", 0), "memfd:plain", "shmem", page_size(), PAGES);
  object(memfd_create("huge", MFD_HUGETLB), "memfd:huge", "huge-page", HUGE, 1);
  object((int)syscall(SYS_memfd_secret, 0), "secretmem", "shmem", page_size(), PAGES);
  segment(0x70660001, 0, "shmem", page_size(), PAGES);
  segment(0x70660002, SHM_HUGETLB, "huge-page", HUGE, 1);
  touched("[shared anon]", "shm", "MINOR", "shmem",
          map(PAGES * page_size(), MAP_SHARED | MAP_ANONYMOUS, -1), page_size(), PAGES);
  touched("[shared anon]", "shm", "MINOR", "huge-page",
          map(HUGE, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1), HUGE, 1);
  touched("[anon]", "anon", "MINOR", "huge-page",
          map(HUGE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1), HUGE, 1);

  // The control page of an event's ring: its driver maps it, or makes it writable, when it is
  // touched.
  struct perf_event_attr attr = {
      .size = sizeof attr, .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_DUMMY};
  int event = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
  if (event < 0) die("perf_event_open");
  touched("anon_inode:[perf_event]", "device", "MINOR", "device",
          map(2 * page_size(), MAP_SHARED, event), page_size(), 1);

  print_truth();
  fflush(stdout);
  while (getchar() != EOF) continue;
  return 0;
}
