// Touches 1,000 fresh pages and then waits for ever. Without a C library: it makes no system call
// that an injected error could meet but the last one.
//
// With an argument it goes on touching pages instead, one after the other and 2 ms apart, for a
// minute at most.

enum { PAGES = 1000, STEADY = 30000, PAGE = 4096 };

static volatile char area[STEADY * PAGE] __attribute__((aligned(PAGE)));

struct pause {
  long seconds;
  long nanoseconds;
};

// The numbers of x86-64.
enum { PAUSE = 34, NANOSLEEP = 35, EXIT_GROUP = 231 };

static void call(long number, const void* argument) {
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(argument), "S"(0)
                   : "rcx", "r11", "memory");
}

__attribute__((used)) static void run(const long* stack) {
  const struct pause two = {0, 2000000};
  const int steady = stack[0] > 1;
  for (int i = 0; i < (steady ? STEADY : PAGES); i++) {
    area[i * PAGE] = 1;
    if (steady) call(NANOSLEEP, &two);
  }
  while (!steady) call(PAUSE, 0);
  call(EXIT_GROUP, 0);
}

__attribute__((naked)) void _start(void) {
  __asm__("mov %rsp, %rdi\n\tand $-16, %rsp\n\tcall run");
}
