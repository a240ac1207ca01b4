#include "unwind_format.h"

#include "../reader/bytes.h"

namespace pagefault {
namespace symbols {

bool IsUnwound(const std::vector<uint8_t>& payload, size_t stacks) {
  reader::Input in(payload.data(), payload.size());
  for (size_t i = 0; i < stacks; i++) {
    if (in.U8() > kToTheEnd) return false;
    const size_t addresses = in.U8();
    if (addresses > kMaxChain) return false;
    for (size_t k = 0; k < addresses; k++) in.U64();
  }
  return in.Exact();
}

}  // namespace symbols
}  // namespace pagefault
