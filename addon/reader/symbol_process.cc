#include "symbol_process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "../symbols/names_answer.h"
#include "../symbols/unwind_format.h"

namespace pagefault {
namespace reader {

namespace {

// A killed process is gone in less, unless it hangs in the kernel.
constexpr int kGoneMs = 200;
// Half of what it may use (kLimits of symbols/main.cc).
constexpr time_t kSpentSeconds = 2;

}  // namespace

SymbolProcess::~SymbolProcess() {
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  // Its end of the socket is closed when it dies. Without that it hangs, and is left to init.
  struct pollfd end = {socket_.get(), 0, 0};
  if (poll(&end, 1, kGoneMs) > 0) waitpid(pid_, nullptr, 0);
}

int SymbolProcess::Start(const std::string& program, int64_t deadline) {
  if (access(program.c_str(), X_OK) != 0) return ENOPKG;
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return errno;
  Fd ours(pair[0]), theirs(pair[1]);
  posix_spawn_file_actions_t actions;
  int error = posix_spawn_file_actions_init(&actions);
  if (error != 0) return error;
  // What libraries print must not go where our answers go.
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (error == 0) error = posix_spawn_file_actions_adddup2(&actions, theirs.get(), fd);
  }
  char* const arguments[] = {const_cast<char*>("pagefault-symbols"), nullptr};
  char* const environment[] = {nullptr};
  if (error == 0) {
    error = posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments, environment);
  }
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    pid_ = 0;
    return error;
  }
  socket_ = std::move(ours);
  theirs.Reset();
  symbols::Message ready;
  error = Expect(symbols::kReady, deadline, &ready);
  // Whatever it said in place of that: the dynamic linker's words, or nothing.
  return error == EPIPE || error == EPROTO ? ELIBACC : error;
}

int SymbolProcess::Load(symbols::Role role, symbols::Level level, uint32_t crc, const Fd& file,
                        int64_t deadline, bool* taken, symbols::FileFacts* facts) {
  std::vector<uint8_t> payload = {role, level, 0, 0, 0, 0};
  for (size_t i = 0; i < sizeof crc; i++) payload[2 + i] = static_cast<uint8_t>(crc >> (8 * i));
  int error = SendMessage(socket_.get(), symbols::kLoad, payload, file.get(), deadline);
  symbols::Message answer;
  if (error == 0) error = Expect(symbols::kLoaded, deadline, &answer);
  if (error == 0 && !symbols::ReadFacts(answer.payload, taken, facts)) error = EPROTO;
  return error;
}

int SymbolProcess::Ask(const std::vector<uint8_t>& places, int64_t deadline,
                       std::vector<uint8_t>* answer) {
  int error = SendMessage(socket_.get(), symbols::kAsk, places, -1, deadline);
  symbols::Message named;
  if (error == 0) error = Expect(symbols::kNamed, deadline, &named);
  if (error != 0) return error;
  if (!symbols::IsNamesAnswer(named.payload, places.size() / symbols::kPlaceBytes)) return EPROTO;
  *answer = std::move(named.payload);
  return 0;
}

int SymbolProcess::Unwind(const std::vector<uint8_t>& question, size_t modules, size_t stacks,
                          const std::function<Fd(uint32_t module)>& give, int64_t deadline,
                          std::vector<uint8_t>* answer) {
  int error = SendMessage(socket_.get(), symbols::kUnwind, question, -1, deadline);
  symbols::Message message;
  // It asks for each module once at most.
  for (size_t asked = 0; error == 0 && asked <= modules; asked++) {
    error = ReceiveMessage(socket_.get(), deadline, &message);
    if (error != 0) return error;
    if (message.file.ok() || message.what != symbols::kWant) break;
    uint32_t module;
    if (message.payload.size() != sizeof module) return EPROTO;
    memcpy(&module, message.payload.data(), sizeof module);
    if (module >= modules) return EPROTO;
    const Fd file = give(module);
    error = SendMessage(socket_.get(), symbols::kGive, {}, file.ok() ? file.get() : -1, deadline);
  }
  if (error != 0) return error;
  const bool answered = message.what == symbols::kUnwound && !message.file.ok() &&
                        symbols::IsUnwound(message.payload, stacks);
  if (!answered) return EPROTO;
  *answer = std::move(message.payload);
  return 0;
}

bool SymbolProcess::Spent() const {
  clockid_t clock;
  struct timespec used;
  return clock_getcpuclockid(pid_, &clock) == 0 && clock_gettime(clock, &used) == 0 &&
         used.tv_sec >= kSpentSeconds;
}

uint64_t SymbolProcess::Resident() const {
  char path[32];
  snprintf(path, sizeof path, "/proc/%d/statm", static_cast<int>(pid_));
  FILE* file = fopen(path, "re");
  if (file == nullptr) return 0;
  uint64_t pages = 0;
  if (fscanf(file, "%*u %" SCNu64, &pages) != 1) pages = 0;
  fclose(file);
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

int SymbolProcess::Expect(symbols::What what, int64_t deadline, symbols::Message* out) {
  const int error = ReceiveMessage(socket_.get(), deadline, out);
  if (error != 0) return error;
  // It has no files to give.
  return out->what == what && !out->file.ok() ? 0 : EPROTO;
}

}  // namespace reader
}  // namespace pagefault
