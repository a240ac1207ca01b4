// Code and data that have names of many kinds, for tests of names: run, it prints the addresses of
// some of them and waits for its standard input to end.

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

extern "C" {
int table[1024] = {1};         // .data
int untouched[4096];           // .bss
const int fixed[64] = {7, 8};  // .rodata
}

namespace outer {

template <typename T>
struct Box {
  T value;
  __attribute__((noinline)) T Twice() const { return value + value; }
  T Thrice() const { return Twice() + value; }
};

static inline __attribute__((always_inline)) int Innermost(int n) {
  return table[n & 1023] ^ n;
}
static inline __attribute__((always_inline)) int Middle(int n) {
  int sum = 0;
  for (int i = 0; i < n; i++) sum += Innermost(i);
  return sum;
}

namespace {
struct Hidden {
  __attribute__((noinline)) int operator()(int n) const { return Middle(n) + untouched[n & 4095]; }
};
}  // namespace

__attribute__((noinline)) int Outermost(int n) {
  const auto lambda = [n](int m) __attribute__((noinline)) {
    return Middle(n) * m;
  };
  return lambda(3) + Hidden()(n) + Box<int>{n}.Thrice();
}

}  // namespace outer

// Without a size, as assemblers leave it.
__asm__(
    ".text\n"
    ".globl bare_label\n"
    "bare_label:\n"
    "  nop\n  nop\n  nop\n  nop\n"
    ".globl sized_function\n"
    ".type sized_function, %function\n"
    "sized_function:\n"
    "  nop\n  nop\n"
    ".size sized_function, . - sized_function\n"
    // What no symbol covers.
    "  nop\n  nop\n  nop\n  nop\n"
    ".globl after_gap\n"
    ".type after_gap, %function\n"
    "after_gap:\n"
    "  nop\n"
    ".size after_gap, . - after_gap\n");
extern "C" void bare_label();

int main(int argc, char**) {
  std::vector<int> numbers;
  for (int i = 0; i < argc + 10; i++) numbers.push_back(outer::Outermost(i));
  printf("%d\n", numbers[static_cast<size_t>(argc)]);
  for (const void* at : {static_cast<const void*>(&table[16]), static_cast<const void*>(fixed),
                         static_cast<const void*>(&untouched[2048]),
                         reinterpret_cast<const void*>(&outer::Outermost),
                         reinterpret_cast<const void*>(&bare_label)}) {
    printf("%p\n", at);
  }
  fflush(stdout);
  while (getchar() != EOF) {
  }
  return 0;
}
