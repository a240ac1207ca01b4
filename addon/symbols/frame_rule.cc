#include "frame_rule.h"

#include <dwarf.h>

namespace pagefault {
namespace symbols {

namespace {

// The longest that linkers and C libraries write have some ten operations. There are no jumps.
constexpr size_t kMaxOperations = 256;
constexpr size_t kMaxValues = 32;

class Evaluation {
 public:
  Evaluation(const MachineState& state, const StackMemory& memory, const uint64_t* frame_address)
      : state_(state), memory_(memory), frame_address_(frame_address) {}

  bool Run(const Dwarf_Op* ops, size_t count) {
    if (count > kMaxOperations) return false;
    for (size_t i = 0; i < count; i++) {
      if (is_value_ || !Apply(ops[i])) return false;
    }
    return depth_ > 0;
  }
  uint64_t top() const { return stack_[depth_ - 1]; }
  // DW_OP_stack_value: the top is not where the value lies but the value.
  bool is_value() const { return is_value_; }

 private:
  bool Push(uint64_t value) {
    if (depth_ == kMaxValues) return false;
    stack_[depth_++] = value;
    return true;
  }
  bool PushRegister(unsigned number, uint64_t offset) {
    uint64_t value;
    return state_.Get(number, &value) && Push(value + offset);
  }
  bool Replace(uint64_t value) {
    stack_[depth_ - 1] = value;
    return true;
  }

  bool Apply(const Dwarf_Op& op) {
    const unsigned atom = op.atom;
    if (atom >= DW_OP_lit0 && atom <= DW_OP_lit31) return Push(atom - DW_OP_lit0);
    if (atom >= DW_OP_breg0 && atom <= DW_OP_breg31) {
      return PushRegister(atom - DW_OP_breg0, op.number);
    }
    switch (atom) {
      case DW_OP_const1u:
      case DW_OP_const1s:
      case DW_OP_const2u:
      case DW_OP_const2s:
      case DW_OP_const4u:
      case DW_OP_const4s:
      case DW_OP_const8u:
      case DW_OP_const8s:
      case DW_OP_constu:
      case DW_OP_consts:
        return Push(op.number);
      case DW_OP_bregx:
        return op.number < kRegisters && PushRegister(static_cast<unsigned>(op.number), op.number2);
      case DW_OP_call_frame_cfa:
        return frame_address_ != nullptr && Push(*frame_address_);
      case DW_OP_nop:
        return true;
      default:
        return depth_ > 0 && Unary(op);
    }
  }

  // Those that need one value at least.
  bool Unary(const Dwarf_Op& op) {
    uint64_t read;
    switch (op.atom) {
      case DW_OP_deref:
        return memory_.Read(top(), 8, &read) && Replace(read);
      case DW_OP_deref_size:
        return op.number > 0 && memory_.Read(top(), op.number, &read) && Replace(read);
      case DW_OP_plus_uconst:
        return Replace(top() + op.number);
      case DW_OP_dup:
        return Push(top());
      case DW_OP_drop:
        depth_--;
        return true;
      case DW_OP_neg:
        return Replace(0 - top());
      case DW_OP_not:
        return Replace(~top());
      case DW_OP_stack_value:
        is_value_ = true;
        return true;
      default:
        return depth_ > 1 && Binary(op.atom);
    }
  }

  bool Binary(unsigned atom) {
    const uint64_t right = stack_[--depth_];
    const uint64_t left = top();
    const int64_t signed_left = static_cast<int64_t>(left);
    const int64_t signed_right = static_cast<int64_t>(right);
    switch (atom) {
      case DW_OP_plus:
        return Replace(left + right);
      case DW_OP_minus:
        return Replace(left - right);
      case DW_OP_mul:
        return Replace(left * right);
      case DW_OP_and:
        return Replace(left & right);
      case DW_OP_or:
        return Replace(left | right);
      case DW_OP_xor:
        return Replace(left ^ right);
      case DW_OP_shl:
        return Replace(right < 64 ? left << right : 0);
      case DW_OP_shr:
        return Replace(right < 64 ? left >> right : 0);
      case DW_OP_eq:
        return Replace(left == right);
      case DW_OP_ne:
        return Replace(left != right);
      case DW_OP_ge:
        return Replace(signed_left >= signed_right);
      case DW_OP_gt:
        return Replace(signed_left > signed_right);
      case DW_OP_le:
        return Replace(signed_left <= signed_right);
      case DW_OP_lt:
        return Replace(signed_left < signed_right);
      default:
        return false;
    }
  }

  const MachineState& state_;
  const StackMemory& memory_;
  const uint64_t* const frame_address_;
  uint64_t stack_[kMaxValues];
  size_t depth_ = 0;
  bool is_value_ = false;
};

// "The value is in another register."
bool IsRegister(const Dwarf_Op& op, uint64_t* number) {
  *number = op.atom == DW_OP_regx ? op.number : uint64_t{op.atom} - DW_OP_reg0;
  return op.atom == DW_OP_regx || (op.atom >= DW_OP_reg0 && op.atom <= DW_OP_reg31);
}

}  // namespace

bool EvaluateFrameAddress(const Dwarf_Op* ops, size_t count, const MachineState& state,
                          const StackMemory& memory, uint64_t* address) {
  Evaluation evaluation(state, memory, nullptr);
  if (!evaluation.Run(ops, count)) return false;
  *address = evaluation.top();
  return true;
}

bool EvaluateRegister(const Dwarf_Op* ops, size_t count, const MachineState& state,
                      const StackMemory& memory, uint64_t frame_address, uint64_t* value) {
  uint64_t number;
  if (count == 1 && IsRegister(ops[0], &number)) {
    return number < kRegisters && state.Get(static_cast<unsigned>(number), value);
  }
  Evaluation evaluation(state, memory, &frame_address);
  if (!evaluation.Run(ops, count)) return false;
  *value = evaluation.top();
  return evaluation.is_value() || memory.Read(*value, 8, value);
}

}  // namespace symbols
}  // namespace pagefault
