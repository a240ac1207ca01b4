// fuzz KIND SEED COUNT [FILE...]   runs inputs with COUNT mutated things, all that follow from SEED
// fuzz KIND replay                 runs the inputs on stdin, a line of hex each
//
// KIND: records, elf, texts, requests, recordings. FILEs are what to start from: more programs, the
// recordings. Prints one line of JSON. On a failure (a check, a sanitizer, a signal, an input that
// takes kLimit) the input is printed as hex on stderr and the status is not 0.

#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "fuzz.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>

// UBSan does not call back when it ends a program: abort() does.
extern "C" const char* __ubsan_default_options() {
  return "abort_on_error=1:print_stacktrace=1";
}
#endif

namespace pagefault {
namespace fuzz {
namespace {

// CPU seconds: nothing takes that but what does not end.
constexpr int kLimit = 20;
// What takes longer than every input before is run again: the machine may have been at fault.
constexpr int kRepeats = 3;

// For the handlers below, which get no argument.
const Bytes* current = nullptr;
uint64_t inputs = 0;

void WriteHex(const Bytes& bytes) {
  static const char kDigits[] = "0123456789abcdef";
  for (uint8_t byte : bytes) {
    const char pair[2] = {kDigits[byte >> 4], kDigits[byte & 15]};
    // Nobody is there to be told when stderr cannot be written to.
    if (write(STDERR_FILENO, pair, 2) < 0) return;
  }
  if (write(STDERR_FILENO, "\n", 1) < 0) return;
}

void TellInput() {
  static const char kWord[] = "input ";
  if (current == nullptr || write(STDERR_FILENO, kWord, sizeof kWord - 1) < 0) return;
  WriteHex(*current);
}

// Each second of CPU time.
void OnTick(int) {
  static uint64_t seen = 0;
  static int ticks = 0;
  ticks = seen == inputs ? ticks + 1 : 0;
  seen = inputs;
  if (ticks < kLimit) return;
  static const char kWord[] = "does not end\n";
  if (write(STDERR_FILENO, kWord, sizeof kWord - 1) > 0) TellInput();
  _exit(3);
}

void OnCrash(int signal) {
  TellInput();
  raise(signal);  // set back to its default by SA_RESETHAND
}

void Prepare() {
  struct sigaction crash = {};
  crash.sa_handler = OnCrash;
  crash.sa_flags = SA_RESETHAND | SA_NODEFER;
  sigaction(SIGABRT, &crash, nullptr);
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_set_death_callback(TellInput);
#else
  for (int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) sigaction(signal, &crash, nullptr);
#endif
  struct sigaction tick = {};
  tick.sa_handler = OnTick;
  tick.sa_flags = SA_RESTART;
  sigaction(SIGPROF, &tick, nullptr);
  const itimerval second = {{1, 0}, {1, 0}};
  setitimer(ITIMER_PROF, &second, nullptr);
}

double CpuMs() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

// CPU time of one run, ms.
double RunOnce(Kind* kind, const Bytes& input) {
  inputs++;
  const double begun = CpuMs();
  kind->Run(input);
  return CpuMs() - begun;
}

class Runner {
 public:
  explicit Runner(Kind* kind) : kind_(kind) {}

  // False when a check has failed.
  bool Run(const Bytes& input) {
    current = &input;
    double ms = RunOnce(kind_, input);
    for (int i = 0; i < kRepeats && ms > slowest_ms_; i++) {
      ms = std::min(ms, RunOnce(kind_, input));
    }
    if (ms > slowest_ms_) {
      slowest_ms_ = ms;
      slowest_ = input;
    }
    const bool good = test::Failures() == 0;
    if (!good) TellInput();
    current = nullptr;
    return good;
  }

  void Tell(const char* name, uint64_t seed, uint64_t count) const {
    printf("{\"kind\":\"%s\",\"seed\":%llu,\"count\":%llu,\"inputs\":%llu,\"slowest_ms\":%.3f}\n",
           name, static_cast<unsigned long long>(seed), static_cast<unsigned long long>(count),
           static_cast<unsigned long long>(inputs), slowest_ms_);
    if (getenv("FUZZ_SLOWEST") == nullptr) return;
    fputs("slowest ", stderr);
    WriteHex(slowest_);
  }

 private:
  Kind* kind_;
  double slowest_ms_ = 0;
  Bytes slowest_;
};

Bytes OfHex(const std::string& text) {
  Bytes bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(strtoul(text.substr(i, 2).c_str(), nullptr, 16)));
  }
  return bytes;
}

std::unique_ptr<Kind> KindOf(const std::string& name, const std::vector<std::string>& files) {
  if (name == "records") return Records();
  if (name == "elf") return Elf(files);
  if (name == "texts") return Texts();
  if (name == "requests") return Requests();
  if (name == "recordings") return Recordings(files);
  return nullptr;
}

int Main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const size_t fixed = std::min<size_t>(arguments.size(), 3);
  const std::vector<std::string> files(arguments.begin() + static_cast<ptrdiff_t>(fixed),
                                       arguments.end());
  const std::unique_ptr<Kind> kind = fixed < 2 ? nullptr : KindOf(arguments[0], files);
  if (kind == nullptr) {
    fputs("usage: fuzz KIND SEED COUNT [FILE...] | fuzz KIND replay\n", stderr);
    return 2;
  }
  Prepare();
  Runner runner(kind.get());
  uint64_t seed = 0;
  uint64_t done = 0;
  if (arguments[1] == "replay") {
    for (std::string line; std::getline(std::cin, line); done++) {
      if (!runner.Run(OfHex(line))) return 1;
    }
  } else {
    seed = strtoull(arguments[1].c_str(), nullptr, 10);
    const uint64_t count = fixed < 3 ? 0 : strtoull(arguments[2].c_str(), nullptr, 10);
    // 0 is the one state in which the generator stays.
    Random random(seed * 2 + 1);
    Bytes input;
    while (done < count) {
      input.clear();
      done += kind->Make(&random, &input);
      if (!runner.Run(input)) return 1;
    }
  }
  runner.Tell(arguments[0].c_str(), seed, done);
  return 0;
}

}  // namespace
}  // namespace fuzz
}  // namespace pagefault

int main(int argc, char** argv) {
  return pagefault::fuzz::Main(argc, argv);
}
