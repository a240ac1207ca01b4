// Unwinding our own stack, against what the C library finds on it.

#include <elf.h>
#include <execinfo.h>
#include <fcntl.h>
#include <libelf.h>
#include <pthread.h>
#include <signal.h>
#include <ucontext.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "check.h"
#include "symbols/frame_rule.h"
#include "symbols/unwind_format.h"
#include "symbols/unwinder.h"

#if defined(__x86_64__)

namespace pagefault {
namespace test {

namespace {

using reader::Input;
using reader::Output;
using symbols::kModuleKey;
using symbols::kRegisters;
using symbols::Unwinder;

constexpr size_t kStackBytes = 60 << 10;
constexpr int kFrames = 64;

// Executable mappings of ourselves, as a question has them, and their files.
struct Modules {
  uint16_t count = 0;
  Output bytes;
  std::vector<std::string> files;
};

Modules OwnModules() {
  CHECK(elf_version(EV_CURRENT) != EV_NONE);
  Modules own;
  FILE* maps = fopen("/proc/self/maps", "re");
  CHECK(maps != nullptr);
  char line[8192], path[4096];
  uint64_t start, end, offset;
  while (fgets(line, sizeof line, maps) != nullptr) {
    path[0] = '\0';
    const int fields = sscanf(line, "%" SCNx64 "-%" SCNx64 " r-xp %" SCNx64 " %*s %*s %4095s",
                              &start, &end, &offset, path);
    if (fields != 4 || path[0] != '/') continue;
    std::string key = std::to_string(start) + path;
    key.resize(kModuleKey);
    own.bytes.Raw(key.data(), key.size());
    own.bytes.U64(start);
    own.bytes.U64(end);
    own.bytes.U64(offset);
    own.files.push_back(path);
    own.count++;
  }
  fclose(maps);
  return own;
}

// A stack as it is copied: registers and memory.
struct Copy {
  uint64_t registers[kRegisters];
  std::vector<uint8_t> memory;
};

void CopyRegisters(const ucontext_t& context, Copy* copy) {
  // The order of samples.
  static const int kOrder[kRegisters] = {REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI,
                                         REG_RBP, REG_RSP, REG_RIP, REG_R8,  REG_R9,  REG_R10,
                                         REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
  for (size_t i = 0; i < kRegisters; i++) {
    copy->registers[i] = static_cast<uint64_t>(context.uc_mcontext.gregs[kOrder[i]]);
  }
}

// Not instrumented: it reads what lies between the variables of others.
__attribute__((noinline, no_sanitize("address", "undefined", "thread"))) void CopyMemory(
    Copy* copy, uint64_t stack_end) {
  const volatile uint8_t* from = reinterpret_cast<const volatile uint8_t*>(copy->registers[7]);
  const size_t size = std::min<uint64_t>(kStackBytes, stack_end - copy->registers[7]);
  copy->memory.resize(size);
  uint8_t* to = copy->memory.data();
  for (size_t i = 0; i < size; i++) to[i] = from[i];
}

Output Question(const Modules& modules, const std::vector<Copy>& copies) {
  Output question;
  question.U16(modules.count);
  question.Raw(modules.bytes.bytes().data(), modules.bytes.bytes().size());
  question.U16(static_cast<uint16_t>(copies.size()));
  for (const Copy& copy : copies) {
    question.U32(static_cast<uint32_t>(sizeof copy.registers + copy.memory.size()));
    question.Raw(copy.registers, sizeof copy.registers);
    question.Raw(copy.memory.data(), copy.memory.size());
  }
  return question;
}

struct Chain {
  bool whole = false;
  std::vector<uint64_t> addresses;
};

bool Ask(Unwinder* unwinder, const Modules& modules, const std::vector<uint8_t>& question,
         size_t stacks, std::vector<Chain>* out) {
  const auto want = [&](uint32_t module, Fd* file) {
    file->Reset(open(modules.files.at(module).c_str(), O_RDONLY | O_CLOEXEC));
    return true;
  };
  std::vector<uint8_t> answer;
  if (!unwinder->Answer(question, want, &answer)) return false;
  CHECK(symbols::IsUnwound(answer, stacks));
  Input in(answer.data(), answer.size());
  for (size_t i = 0; i < stacks; i++) {
    Chain chain;
    chain.whole = in.U8() == symbols::kToTheEnd;
    for (size_t left = in.U8(); left > 0; left--) chain.addresses.push_back(in.U64());
    out->push_back(chain);
  }
  return true;
}

uint64_t StackEnd() {
  pthread_attr_t attributes;
  void* start;
  size_t size;
  CHECK(pthread_getattr_np(pthread_self(), &attributes) == 0);
  CHECK(pthread_attr_getstack(&attributes, &start, &size) == 0);
  pthread_attr_destroy(&attributes);
  return reinterpret_cast<uint64_t>(start) + size;
}

// Found out in time: a handler must not ask.
const uint64_t g_stack_end = StackEnd();

// Deep in here; what backtrace(3) finds, from the caller of it on.
struct Place {
  Copy copy;
  void* truth[kFrames];
  int found = 0;
};

__attribute__((noinline)) void Look(Place* place) {
  ucontext_t context;
  CHECK(getcontext(&context) == 0);
  CopyRegisters(context, &place->copy);
  CopyMemory(&place->copy, g_stack_end);
  const int found = backtrace(place->truth, kFrames);
  // Sanitizers put a function of their own before backtrace(3).
  void** const end = place->truth + found;
  void** const caller = std::find(place->truth, end, __builtin_return_address(0));
  CHECK(caller != end && caller != place->truth);
  place->found = static_cast<int>(std::copy(caller - 1, end, place->truth) - place->truth);
}

__attribute__((noinline)) void Descend(int depth, Place* place) {
  if (depth > 0) {
    Descend(depth - 1, place);
  } else {
    Look(place);
  }
  // No call that is the last becomes a jump.
  __asm__ volatile("" ::: "memory");
}

// The callers are those of the truth; the first of each lie in one function.
void CheckCallers(const Chain& chain, const Place& place) {
  CHECK(chain.whole);
  CHECK_EQ(chain.addresses.size(), static_cast<size_t>(place.found));
  for (size_t i = 1; i < chain.addresses.size() && i < static_cast<size_t>(place.found); i++) {
    CHECK_EQ(chain.addresses[i], reinterpret_cast<uint64_t>(place.truth[i]));
  }
}

Place* g_place;

void OnSignal(int) {
  Descend(3, g_place);
}

// ns. What is found is asked for, not how fast under a sanitizer on a busy machine.
constexpr int64_t kPatient = 60'000'000'000;

}  // namespace

TEST(unwind_finds_what_the_c_library_finds) {
  Unwinder unwinder(kPatient);
  const Modules modules = OwnModules();
  std::vector<Copy> copies;
  Place places[3];
  for (int i = 0; i < 3; i++) {
    Descend(10 * i, &places[i]);
    copies.push_back(places[i].copy);
  }
  std::vector<Chain> chains;
  CHECK(Ask(&unwinder, modules, Question(modules, copies).bytes(), 3, &chains));
  for (size_t i = 0; i < chains.size(); i++) CheckCallers(chains[i], places[i]);
}

TEST(unwind_through_a_signal_handler) {
  Place place;
  // A handler must not allocate.
  place.copy.memory.reserve(kStackBytes);
  g_place = &place;
  struct sigaction action = {}, before;
  action.sa_handler = OnSignal;
  CHECK(sigaction(SIGUSR1, &action, &before) == 0);
  raise(SIGUSR1);
  sigaction(SIGUSR1, &before, nullptr);
  Unwinder unwinder(kPatient);
  const Modules modules = OwnModules();
  std::vector<Chain> chains;
  CHECK(Ask(&unwinder, modules, Question(modules, {place.copy}).bytes(), 1, &chains));
  CHECK_EQ(chains.at(0).addresses.size(), static_cast<size_t>(place.found));
  std::vector<size_t> instructions;
  for (size_t i = 1; i < chains[0].addresses.size(); i++) {
    const uint64_t address = chains[0].addresses[i];
    CHECK_EQ(address & ~symbols::kInstruction, reinterpret_cast<uint64_t>(place.truth[i]));
    if (address != (address & ~symbols::kInstruction)) instructions.push_back(i);
  }
  // What returns from the handler, and what was interrupted.
  CHECK(instructions.size() == 2 && instructions[1] == instructions[0] + 1);
}

TEST(unwind_what_is_not_all_there_says_so) {
  Unwinder unwinder(kPatient);
  const Modules modules = OwnModules();
  Place place;
  Descend(20, &place);
  Copy none = place.copy, zero = place.copy, nowhere = place.copy;
  none.memory.clear();
  zero.memory.assign(zero.memory.size(), 0);
  nowhere.registers[8] = 0x1234;  // rip
  std::vector<Chain> chains;
  const std::vector<Copy> copies = {none, zero, nowhere};
  CHECK(Ask(&unwinder, modules, Question(modules, copies).bytes(), 3, &chains));
  CHECK(!chains.at(0).whole && chains[0].addresses.size() == 1);
  CHECK(!chains.at(2).whole && chains[2].addresses.size() == 1);
  // A return address of 0 is where a stack ends.
  CHECK_EQ(chains.at(1).addresses.size(), 1u);
  // As much as is there, however much that is.
  std::vector<Copy> cut;
  for (size_t size = 0; size < 4096; size += 64) {
    cut.push_back(place.copy);
    cut.back().memory.resize(size);
  }
  chains.clear();
  CHECK(Ask(&unwinder, modules, Question(modules, cut).bytes(), cut.size(), &chains));
  size_t frames = 1;
  for (const Chain& chain : chains) {
    CHECK(chain.addresses.size() >= frames);
    frames = chain.addresses.size();
    CHECK_EQ(chain.whole, frames == static_cast<size_t>(place.found));
    for (size_t i = 1; i < frames; i++) {
      CHECK_EQ(chain.addresses[i], reinterpret_cast<uint64_t>(place.truth[i]));
    }
  }
  CHECK(frames > 1);
  // Without the files nothing is known.
  const auto nothing = [](uint32_t, Fd*) { return true; };
  std::vector<uint8_t> answer;
  Unwinder other;
  CHECK(other.Answer(Question(modules, {place.copy}).bytes(), nothing, &answer));
  CHECK_EQ(answer.size(), 10u);
  CHECK_EQ(answer[0], 0);
}

TEST(unwind_any_registers_and_any_bytes) {
  Unwinder unwinder;
  const Modules modules = OwnModules();
  Place place;
  Descend(20, &place);
  Random random(20250101);
  size_t deep = 0;
  for (int round = 0; round < Rounds(3000); round++) {
    Copy copy = place.copy;
    for (uint64_t changes = 1 + random.Below(8); changes > 0; changes--) {
      uint64_t value = random.Next() >> random.Below(64);
      if (random.Below(2) == 0) value = copy.registers[random.Below(kRegisters)] + value % 4096;
      if (random.Below(3) == 0) {
        copy.registers[random.Below(kRegisters)] = value;
      } else {
        memcpy(copy.memory.data() + 8 * random.Below(copy.memory.size() / 8), &value, sizeof value);
      }
    }
    if (random.Below(4) == 0) copy.memory.resize(random.Below(copy.memory.size()));
    std::vector<Chain> chains;
    CHECK(Ask(&unwinder, modules, Question(modules, {copy}).bytes(), 1, &chains));
    CHECK(!chains.at(0).addresses.empty());
    deep += chains[0].addresses.size() > 5 ? 1 : 0;
  }
  CHECK(deep > 0);
}

TEST(unwind_refuses_what_is_no_question) {
  const Modules modules = OwnModules();
  Place place;
  Descend(2, &place);
  place.copy.memory.resize(256);
  const std::vector<uint8_t> whole = Question(modules, {place.copy}).bytes();
  Random random(7);
  for (size_t length = 0; length < whole.size(); length++) {
    Unwinder unwinder;
    std::vector<Chain> chains;
    const std::vector<uint8_t> cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length));
    CHECK(!Ask(&unwinder, modules, cut, 0, &chains));
  }
  for (int round = 0; round < Rounds(2000); round++) {
    std::vector<uint8_t> forged = whole;
    for (uint64_t left = 1 + random.Below(4); left > 0; left--) {
      forged[random.Below(forged.size())] = static_cast<uint8_t>(random.Next());
    }
    Unwinder unwinder;
    const auto nothing = [](uint32_t, Fd*) { return true; };
    std::vector<uint8_t> answer;
    unwinder.Answer(forged, nothing, &answer);
  }
}

TEST(frame_rules_of_any_operations_are_bounded) {
  Random random(11);
  uint64_t registers[kRegisters];
  for (size_t i = 0; i < kRegisters; i++) registers[i] = 0x7000 + 8 * i;
  const symbols::MachineState state(reinterpret_cast<const uint8_t*>(registers));
  const std::vector<uint8_t> bytes(256, 0x55);
  const symbols::StackMemory memory(0x7038, bytes.data(), bytes.size());
  size_t told = 0;
  for (int round = 0; round < Rounds(20000); round++) {
    std::vector<Dwarf_Op> ops(1 + random.Below(40));
    for (Dwarf_Op& op : ops) {
      op.atom = static_cast<uint8_t>(random.Next());
      op.number = random.Next() >> random.Below(64);
      op.number2 = random.Next() >> random.Below(64);
      op.offset = 0;
    }
    if (random.Below(2) == 0) ops.resize(1);
    uint64_t value;
    told += symbols::EvaluateFrameAddress(ops.data(), ops.size(), state, memory, &value) ? 1 : 0;
    told +=
        symbols::EvaluateRegister(ops.data(), ops.size(), state, memory, 0x7040, &value) ? 1 : 0;
  }
  CHECK(told > 0);
}

}  // namespace test
}  // namespace pagefault

#endif
