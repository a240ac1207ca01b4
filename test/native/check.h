// The whole test framework: TEST registers a function, CHECK says what failed and goes on.
#pragma once

#include <cstdint>
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

namespace pagefault {
namespace test {

struct Test {
  const char* name;
  void (*run)();
};

// Function-local statics: the order in which files are initialised is not defined.
inline std::vector<Test>& Tests() {
  static std::vector<Test> tests;
  return tests;
}
inline int& Failures() {
  static int failures = 0;
  return failures;
}

struct Registration {
  Registration(const char* name, void (*run)()) { Tests().push_back({name, run}); }
};

// A failing check in a loop of 200,000 must not print 200,000 lines.
inline void Fail(const char* file, int line, const std::string& what) {
  if (Failures()++ < 10) printf("  %s:%d: %s\n", file, line, what.c_str());
}

template <typename A, typename B>
void Equal(const char* file, int line, const char* text, const A& actual, const B& expected) {
  if (actual == expected) return;
  std::ostringstream what;
  what << text << ": got " << +actual << ", expected " << +expected;
  Fail(file, line, what.str());
}

// How often a test of one thread goes round. ThreadSanitizer has nothing to find there but that the
// test ends, and makes it ten times as slow: the other builds run all rounds.
constexpr int Rounds(int all) {
#if __has_feature(thread_sanitizer)
  return all / 10;
#else
  return all;
#endif
}

// The same numbers in every run: a failure can be repeated. (xorshift64*)
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 2685821657736338717u;
  }
  uint64_t Below(uint64_t n) { return Next() % n; }

 private:
  uint64_t state_;
};

}  // namespace test
}  // namespace pagefault

#define TEST(name)                                                           \
  static void name();                                                        \
  static const pagefault::test::Registration name##_registered{#name, name}; \
  static void name()
#define CHECK(condition)                                                     \
  do {                                                                       \
    if (!(condition)) pagefault::test::Fail(__FILE__, __LINE__, #condition); \
  } while (false)
#define CHECK_EQ(actual, expected) \
  pagefault::test::Equal(__FILE__, __LINE__, #actual, (actual), (expected))
