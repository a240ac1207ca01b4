// What is sampled, and what it costs (BpfPrograms).

#include "bpf/built.h"
#include "bpf/programs.h"
#include "util/clock.h"

#ifdef PAGEFAULT_BPF
#include "bpf/loaded.h"

namespace pagefault {

void BpfPrograms::SetEvery(uint32_t every) {
  loaded_->state()->every = every;
}

BpfSpent BpfPrograms::Spent() const {
  BpfSpent spent;
  uint64_t timed[kBpfRuns] = {}, timed_ns[kBpfRuns] = {};
  spent.ran_ns = loaded_->state()->ran;
  spent.minor = loaded_->state()->walked_minor;
  for (size_t i = 0; i < loaded_->cpus; i++) {
    const volatile BpfCounters& cpu = loaded_->counters()[i];
    spent.counted += cpu.counted;
    spent.captured += cpu.captured;
    spent.put_ns += cpu.put_ns;
    spent.minor += cpu.ended_minor;
    for (size_t run = 0; run < kBpfRuns; run++) {
      timed[run] += cpu.timed[run];
      timed_ns[run] += cpu.timed_ns[run];
    }
  }
  const auto mean = [&](size_t run) {
    if (timed[run] == 0) return 0.0;
    return static_cast<double>(timed_ns[run]) / static_cast<double>(timed[run]);
  };
  spent.entry_ns = mean(kBpfEntry);
  spent.completion_ns = mean(kBpfCompletion);
  return spent;
}

void BpfPrograms::SetWindows(bool windows) {
  volatile BpfState* const state = loaded_->state();
  if (windows) {
    CloseWindow();
  } else {
    state->since = MonotonicNow();
    state->opened = 0;
    state->switched = state->switched + 1;
  }
  state->windows = windows ? 1 : 0;
}

int BpfPrograms::SetEntries(bool on) {
  if (on) return loaded_->AttachEntries();
  for (Fd& entry : loaded_->entries) entry.Reset();
  return 0;
}

uint64_t BpfPrograms::OpenWindow(uint64_t length) {
  volatile BpfState* const state = loaded_->state();
  const uint64_t now = MonotonicNow();
  state->opened = now;
  state->since = now;
  state->until = now + length;
  return now;
}

void BpfPrograms::CloseWindow() {
  volatile BpfState* const state = loaded_->state();
  state->until = 0;
  state->since = 0;
  state->opened = UINT64_MAX;
}

void BpfPrograms::Freeze() {
  loaded_->state()->frozen = 1;
}

}  // namespace pagefault
#endif
