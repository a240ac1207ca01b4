#include "capture/pending.h"

#include <algorithm>
#include <cstring>
#include <unordered_set>

namespace pagefault {

namespace {
bool EnteredBefore(const PendingFault& a, const PendingFault& b) {
  return a.entered < b.entered;
}
}  // namespace

std::vector<PendingFault> FindPending(const BpfPrograms* programs, Pairer& pairer, uint64_t start,
                                      uint64_t as_of) {
  std::vector<PendingFault> found;
  const auto since = [start](uint64_t time) { return time > start ? time - start : 0; };
  std::unordered_set<uint32_t> told;
  if (programs != nullptr) {
    // Fails where there is no memory for the walk: then none are shown.
    programs->ForEachOpen([&](const BpfTask& task) {
      const Thread* thread = pairer.threads().Find(task.tid);
      if (thread == nullptr || task.user.time > as_of) return;
      told.insert(task.tid);
      found.push_back(
          {thread->pid, thread->tid, task.user.address, task.user.ip, since(task.user.time)});
    });
  }
  pairer.threads().ForEach([&](const Thread& thread) {
    if (!thread.user.open || pairer.Tainted(thread.user)) return;
    if (programs != nullptr && (!pairer.IsApart(thread.user) || told.count(thread.tid) != 0))
      return;
    found.push_back(
        {thread.pid, thread.tid, thread.user.address, thread.user.ip, since(thread.user.time)});
  });
  return found;
}

void KeepOldest(std::vector<PendingFault>* found, size_t max) {
  max = std::min(max, found->size());
  const auto end = found->begin() + static_cast<ptrdiff_t>(max);
  std::partial_sort(found->begin(), end, found->end(), EnteredBefore);
  found->resize(max);
}

void PutPending(std::vector<PendingFault> found, uint64_t as_of, bool holds, uint8_t* out) {
  using L = PendingColumns;
  if (found.size() > L::kCapacity) KeepOldest(&found, L::kCapacity);
  const auto time = static_cast<double>(as_of);
  const uint32_t counts[2] = {static_cast<uint32_t>(found.size()), holds ? 1u : 0u};
  memcpy(out + L::kAsOf, &time, sizeof time);
  memcpy(out + L::kCount, counts, sizeof counts);
  for (size_t i = 0; i < found.size(); i++) {
    const PendingFault& row = found[i];
#define PAGEFAULT_PUT(type, name, value) \
  PutColumn<ColumnType::type>(out, kPendingColumns.column[L::k_##name].offset, i, value);
    PAGEFAULT_PENDING_COLUMNS(PAGEFAULT_PUT)
#undef PAGEFAULT_PUT
  }
}

}  // namespace pagefault
