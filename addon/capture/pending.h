// The faults that are open now: found, chosen, and put into columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bpf/programs.h"
#include "faults/pair.h"
#include "wire/pending_faults.h"

namespace pagefault {

// Those of threads that are followed, entered up to `as_of`, in no order. `programs`: what keeps
// them, but those whose entries have records of their own; nullptr where all have. `start`: of the
// session, as `as_of` by the raw clock.
std::vector<PendingFault> FindPending(const BpfPrograms* programs, Pairer& pairer, uint64_t start,
                                      uint64_t as_of);

// Keeps the `max` that were entered first, the oldest first.
void KeepOldest(std::vector<PendingFault>* found, size_t max);

// The columns of pending_faults.h; of more than there is room for the oldest. `as_of`: ns since the
// session's start. `holds`: the mailbox has something to take.
void PutPending(std::vector<PendingFault> found, uint64_t as_of, bool holds, uint8_t* out);

}  // namespace pagefault
