#include "common.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

const struct row ANON_ZERO = {
    .region = "[anon]", .kind = "anon", .class_name = "MINOR", .cause = "demand-zero"};
const struct row ANON_COW = {
    .region = "[anon]", .kind = "anon", .class_name = "COW", .cause = "cow-anon"};
const struct row FILE_MAJOR = {.kind = "file", .class_name = "MAJOR", .cause = "file-read"};
const struct row FILE_CACHED = {.kind = "file", .class_name = "MINOR", .cause = "page-cache"};
const struct row FILE_COW = {.kind = "file", .class_name = "COW", .cause = "cow-file"};

static struct {
  pthread_mutex_t lock;
  struct row* rows;
  size_t count;
  size_t room;
  double began;
} truth = {.lock = PTHREAD_MUTEX_INITIALIZER};

size_t page_size(void) {
  return (size_t)sysconf(_SC_PAGESIZE);
}
size_t around(void) {
  return page_size() > 65536 ? page_size() : 65536;
}
pid_t own_tid(void) {
  return (pid_t)syscall(SYS_gettid);
}

double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void wait_until(double when) {
  double left = when - seconds_now();
  if (left <= 0) return;
  struct timespec pause = {(time_t)left, (long)((left - (double)(time_t)left) * 1e9)};
  nanosleep(&pause, NULL);
}

static double seconds_of(struct timeval time) {
  return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

void die(const char* what) {
  perror(what);
  exit(1);
}

char* map_anon(size_t pages) {
  size_t page = page_size();
  size_t bytes = pages * page;
  // Between two guard pages: the kernel merges neighbours, and a neighbour may be a thread's stack.
  char* room = mmap(NULL, bytes + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED) die("mmap");
  void* start = mmap(room + page, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  if (start == MAP_FAILED) die("mmap");
  (void)madvise(start, bytes, MADV_NOHUGEPAGE);
  return start;
}

char* map_slot(int slot, size_t pages) {
  size_t bytes = pages * page_size();
  void* place = (void*)(0x100000000000 + (uintptr_t)slot * 0x40000000);
  void* start = mmap(place, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (start == MAP_FAILED) die("mmap slot");
  (void)madvise(start, bytes, MADV_NOHUGEPAGE);
  return start;
}

void touch(char* start, size_t stride, size_t count, enum access access) {
  volatile char* byte = start;
  if (access == WRITE_PAGES) {
    for (size_t i = 0; i < count; i++) byte[i * stride] = 1;
  } else {
    for (size_t i = 0; i < count; i++) (void)byte[i * stride];
  }
}

void add_row(struct row row) {
  if (row.mode == NULL) row.mode = "user";
  pthread_mutex_lock(&truth.lock);
  if (truth.count == truth.room) {
    truth.room = truth.room == 0 ? 64 : truth.room * 2;
    truth.rows = realloc(truth.rows, truth.room * sizeof(row));
    if (truth.rows == NULL) die("realloc");
  }
  truth.rows[truth.count++] = row;
  pthread_mutex_unlock(&truth.lock);
}

void add_task_row(struct row like, pid_t task, const void* start, size_t pages) {
  like.pid = like.tid = task;
  like.start = (uintptr_t)start;
  like.end = like.start + pages * page_size();
  like.faults = (long)pages;
  add_row(like);
}

void touch_row(struct row like, char* start, size_t stride, size_t count, enum access access) {
  touch(start, stride, count, access);
  like.pid = getpid();
  like.tid = own_tid();
  like.start = (uintptr_t)start;
  like.end = (uintptr_t)start + stride * count;
  like.faults = (long)count;
  add_row(like);
}

// A name is bytes: each goes out as one character (Latin-1), whatever the encoding it is in.
static void print_escaped(const char* text) {
  for (; *text != '\0'; text++) {
    unsigned char byte = (unsigned char)*text;
    if (byte < 0x20 || byte > 0x7e || byte == '"' || byte == '\\') {
      printf("\\u%04x", byte);
    } else {
      putchar(byte);
    }
  }
}

void print_truth(void) {
  // Digits are looked up in a table of the C library, at addresses that depend on the digit: where
  // two runs must have the same faults, no process id may be printed.
  if (getenv("WORKLOAD_SILENT") != NULL) return;
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  printf("{\"rows\":[");
  for (size_t i = 0; i < truth.count; i++) {
    const struct row* row = &truth.rows[i];
    printf("%s{\"pid\":%d,\"tid\":%d,\"start\":\"0x%" PRIxPTR "\",\"end\":\"0x%" PRIxPTR
           "\",\"kind\":\"%s\",\"region\":\"",
           i == 0 ? "" : ",", (int)row->pid, (int)row->tid, row->start, row->end, row->kind);
    print_escaped(row->region);
    printf("\",\"class\":\"%s\",\"cause\":\"%s\",\"mode\":\"%s\",\"faults\":%ld}", row->class_name,
           row->cause, row->mode, row->faults);
  }
  printf("],\"pid\":%d,\"minflt\":%ld,\"majflt\":%ld,\"cpu\":%.6f,\"seconds\":%.6f}\n",
         (int)getpid(), usage.ru_minflt, usage.ru_majflt,
         seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime),
         truth.began > 0 ? seconds_now() - truth.began : 0.0);
  fflush(stdout);
  truth.count = 0;
}

void wait_for_go(void) {
  const char* wait = getenv("WORKLOAD_WAIT");
  if (wait != NULL && strcmp(wait, "1") == 0) {
    printf("{\"ready\":%d}\n", (int)getpid());
    fflush(stdout);
    char byte = 0;
    while (byte != '\n' && read(STDIN_FILENO, &byte, 1) == 1) {
    }
  }
  truth.began = seconds_now();
}

int make_file(const char* directory, const char* name, size_t bytes) {
  char path[8192];
  snprintf(path, sizeof(path), "%s/%s", directory, name);
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) die(path);
  static char block[65536];
  memset(block, 'x', sizeof(block));
  for (size_t done = 0; done < bytes;) {
    size_t length = bytes - done < sizeof(block) ? bytes - done : sizeof(block);
    ssize_t put = write(fd, block, length);
    if (put <= 0) die(path);
    done += (size_t)put;
  }
  if (fsync(fd) != 0) die("fsync");
  return fd;
}

void make_cold(int fd, size_t bytes) {
  void* probe = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
  unsigned char* present = malloc(bytes / page_size() + 1);
  if (probe == MAP_FAILED || present == NULL) die("probe");
  struct timespec pause = {0, 10000000};
  size_t cached = 1;
  for (int tries = 0; tries < 200 && cached > 0; tries++) {
    fsync(fd);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    if (mincore(probe, bytes, present) != 0) die("mincore");
    cached = 0;
    for (size_t i = 0; i < bytes / page_size(); i++) cached += present[i] & 1;
    if (cached > 0) nanosleep(&pause, NULL);
  }
  free(present);
  munmap(probe, bytes);
  if (cached > 0) {
    fprintf(stderr, "the file stays in the page cache\n");
    exit(1);
  }
}

const char* text_option(int argc, char** argv, const char* name, const char* fallback) {
  for (int i = 1; i + 1 < argc; i++) {
    if (strcmp(argv[i], name) == 0) return argv[i + 1];
  }
  return fallback;
}

long option(int argc, char** argv, const char* name, long fallback) {
  const char* text = text_option(argc, argv, name, NULL);
  return text == NULL ? fallback : strtol(text, NULL, 10);
}

bool flag(int argc, char** argv, const char* name) {
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], name) == 0) return true;
  }
  return false;
}
