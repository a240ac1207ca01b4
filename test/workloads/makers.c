// Makes mappings through chains of callers that are known by name, of P pages each, and touches
// them in main. To be built without optimisation and with frame pointers.
//   main -> m_outer -> m_middle -> m_map    mmap, twice
//   main -> r_map                           mmap, of half the size
//   main -> r_outer -> r_grow               mremap of that to all of it
//   main -> b_outer -> b_grow               brk
//   t_main -> t_map                         mmap, in a thread
// The system calls are made here, never by the C library, which has no frame pointers.
//   makers [--pages P]
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common.h"

static long pages;

// A system call in the frame of its caller.
static inline __attribute__((always_inline)) long call(long number, long a, long b, long c, long d,
                                                       long e) {
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = 0;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

// What is mapped where it is: apart from all other mappings, so that the kernel merges none.
static char* place(int slot) {
  return (char*)0x100000000000 + ((size_t)slot << 32);
}

static size_t bytes(void) {
  return (size_t)pages * page_size();
}

#define MAP(at, size)                                              \
  call(SYS_mmap, (long)(at), (long)(size), PROT_READ | PROT_WRITE, \
       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1)

static void m_map(char* at) {
  if (MAP(at, bytes()) != (long)at) die("mmap");
}

static void m_middle(char* at) {
  m_map(at);
}

static void m_outer(char* at) {
  m_middle(at);
}

static void r_map(char* at) {
  if (MAP(at, bytes() / 4) != (long)at) die("mmap");
}

static void r_grow(char* at) {
  if (call(SYS_mremap, (long)at, (long)(bytes() / 4), (long)bytes(), 0, 0) != (long)at) {
    die("mremap");
  }
}

static void r_outer(char* at) {
  r_grow(at);
}

static char* b_grow(void) {
  // On the next page: what lies before is the C library's.
  size_t page = page_size();
  long before = (call(SYS_brk, 0, 0, 0, 0, 0) + (long)page - 1) & -(long)page;
  if (call(SYS_brk, before + (long)bytes(), 0, 0, 0, 0) != before + (long)bytes()) die("brk");
  return (char*)before;
}

static char* b_outer(void) {
  return b_grow();
}

static void t_map(char* at) {
  if (MAP(at, bytes()) != (long)at) die("mmap");
}

static void* t_main(void* at) {
  t_map(at);
  return NULL;
}

int main(int argc, char** argv) {
  pages = option(argc, argv, "--pages", 400);
  wait_for_go();
  char* heap = b_outer();
  m_outer(place(1));
  r_map(place(2));
  // Half of it has a row by then: what it is grown by belongs to that.
  touch_row(ANON_ZERO, place(2), page_size(), (size_t)pages / 4, WRITE_PAGES);
  r_outer(place(2));
  pthread_t thread;
  if (pthread_create(&thread, NULL, t_main, place(3)) != 0) die("pthread_create");
  pthread_join(thread, NULL);
  size_t grown = (size_t)(pages - pages / 4);
  touch_row(ANON_ZERO, place(2) + bytes() / 4, page_size(), grown, WRITE_PAGES);
  touch_row(ANON_ZERO, place(1), page_size(), (size_t)pages, WRITE_PAGES);
  touch_row(ANON_ZERO, place(3), page_size(), (size_t)pages, WRITE_PAGES);
  touch_row(ANON_ZERO, heap, page_size(), (size_t)pages, WRITE_PAGES);
  m_outer(place(4));
  touch_row(ANON_ZERO, place(4), page_size(), (size_t)pages, WRITE_PAGES);
  print_truth();
  return 0;
}
