#include "unwinder.h"

#include <algorithm>

#include "frame_rule.h"
#include "message.h"

namespace pagefault {
namespace symbols {

namespace {

// Modules whose tables are kept, each with a descriptor (kLimits of main.cc).
constexpr size_t kMaxKnown = 128;

}  // namespace

bool Unwinder::Answer(const std::vector<uint8_t>& question, const Want& want,
                      std::vector<uint8_t>* answer) {
  reader::Input in(question.data(), question.size());
  want_ = &want;
  if (!ReadModules(&in)) return false;
  const size_t stacks = in.U16();
  if (stacks > kMaxStacks) return false;
  reader::Output out;
  std::string bytes;
  std::vector<uint64_t> chain;
  for (size_t i = 0; i < stacks; i++) {
    const size_t length = in.U32();
    if (length < 8 * kRegisters || length > kMaxStackBytes || !in.Text(length, &bytes)) {
      return false;
    }
    const uint8_t* words = reinterpret_cast<const uint8_t*>(bytes.data());
    const MachineState state(words);
    uint64_t pointer = 0;
    state.Get(kStackPointer, &pointer);
    const size_t registers = 8 * kRegisters;
    chain.clear();
    const bool whole =
        Walk(state, StackMemory(pointer, words + registers, length - registers), &chain);
    if (!alive_) return false;
    out.U8(whole ? kToTheEnd : 0);
    out.U8(static_cast<uint8_t>(chain.size()));
    for (const uint64_t address : chain) out.U64(address);
  }
  *answer = std::move(out.bytes());
  return in.Exact();
}

bool Unwinder::ReadModules(reader::Input* in) {
  const size_t count = in->U16();
  if (count > kMaxModules) return false;
  mapped_.clear();
  for (size_t i = 0; i < count; i++) {
    Mapped mapped;
    if (!in->Text(kModuleKey, &mapped.key)) return false;
    mapped.start = in->U64();
    mapped.end = in->U64();
    mapped.offset = in->U64();
    mapped_.push_back(std::move(mapped));
  }
  return true;
}

UnwindModule* Unwinder::ModuleAt(uint64_t address, uint64_t* offset) {
  for (uint32_t i = 0; i < mapped_.size(); i++) {
    Mapped& mapped = mapped_[i];
    if (address < mapped.start || address >= mapped.end) continue;
    if (!mapped.looked_up) mapped.module = Find(i);
    mapped.looked_up = true;
    *offset = address - mapped.start + mapped.offset;
    return mapped.module;
  }
  return nullptr;
}

UnwindModule* Unwinder::Find(uint32_t number) {
  const std::string& key = mapped_[number].key;
  const auto found = std::find_if(known_.begin(), known_.end(),
                                  [&](const Known& known) { return known.key == key; });
  if (found != known_.end()) {
    known_.splice(known_.begin(), known_, found);
    return known_.front().module.get();
  }
  Fd file;
  alive_ = alive_ && (*want_)(number, &file);
  auto module = std::make_unique<UnwindModule>();
  if (!file.ok() || !module->Open(std::move(file))) module.reset();
  known_.push_front({key, std::move(module)});
  if (known_.size() > kMaxKnown) {
    // Its pointer may be that of a mapping of this question.
    for (Mapped& mapped : mapped_) {
      if (mapped.module == known_.back().module.get()) mapped.looked_up = false;
    }
    known_.pop_back();
  }
  return known_.front().module.get();
}

bool Unwinder::Walk(MachineState state, const StackMemory& memory, std::vector<uint64_t>* chain) {
  const int64_t until = Now() + most_time_;
  // The address is that of an instruction, not one behind a call.
  bool exact = true;
  uint64_t address, pointer, below;
  while (state.Get(kReturnAddress, &address)) {
    if (!chain->empty()) {
      if (address == 0) return true;
      if (address >= kInstruction) return false;
      if (exact) address |= kInstruction;
    }
    chain->push_back(address);
    address &= ~kInstruction;
    if (chain->size() == kMaxChain || !alive_ || Now() > until) return false;
    if (!state.Get(kStackPointer, &below)) return false;
    const Step step = GoUp(exact ? address : address - 1, memory, &state);
    if (step == Step::kEnd) return true;
    if (step == Step::kLost || !state.Get(kStackPointer, &pointer)) return false;
    exact = step == Step::kUpFromSignal;
    // A handler returns to the first instruction of what calls sigreturn(2): nothing has called it.
    if (exact && chain->size() > 1) chain->back() |= kInstruction;
    // A handler may run on a stack of its own.
    if (!exact && pointer <= below) return false;
  }
  return false;
}

Unwinder::Step Unwinder::GoUp(uint64_t address, const StackMemory& memory, MachineState* state) {
  uint64_t offset, base;
  UnwindModule* module = ModuleAt(address, &offset);
  if (module == nullptr) return Step::kLost;
  FramePointer frame;
  const FrameTables::Rules rules = module->At(offset, &frame);
  if (rules == FrameTables::Rules::kFound) return Apply(frame.get(), memory, state);
  if (rules == FrameTables::Rules::kBroken) return Step::kLost;
  // "The user code should mark the deepest stack frame by setting the frame pointer to zero"
  // (System V psABI for x86-64, 3.4.1): some C libraries have no rules for where it begins.
  return state->Get(kFramePointer, &base) && base == 0 ? Step::kEnd : Step::kLost;
}

Unwinder::Step Unwinder::Apply(Dwarf_Frame* frame, const StackMemory& memory, MachineState* state) {
  Dwarf_Op* ops;
  size_t count;
  uint64_t frame_address;
  bool from_signal;
  if (dwarf_frame_info(frame, nullptr, nullptr, &from_signal) != kReturnAddress) return Step::kLost;
  if (dwarf_frame_cfa(frame, &ops, &count) != 0 || count == 0) return Step::kLost;
  if (!EvaluateFrameAddress(ops, count, *state, memory, &frame_address)) return Step::kLost;
  MachineState caller = *state;
  for (unsigned number = 0; number < kRegisters; number++) {
    Dwarf_Op own[3];
    if (dwarf_frame_register(frame, static_cast<int>(number), own, &ops, &count) != 0) {
      caller.Forget(number);
      continue;
    }
    const bool ruled = count > 0;
    uint64_t value;
    if (ruled && EvaluateRegister(ops, count, *state, memory, frame_address, &value)) {
      caller.Set(number, value);
    } else if (ruled || ops == own) {  // cannot be told, or is told to be undefined
      // Only the outermost frame has no return address.
      if (number == kReturnAddress) return ruled ? Step::kLost : Step::kEnd;
      caller.Forget(number);
    }
  }
  *state = caller;
  return from_signal ? Step::kUpFromSignal : Step::kUp;
}

}  // namespace symbols
}  // namespace pagefault
