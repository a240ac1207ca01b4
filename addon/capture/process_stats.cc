#include "capture/process_stats.h"

#include <poll.h>

#include <utility>

#include "capture/held_reader.h"
#include "util/clock.h"

namespace pagefault {

namespace {

// One answer takes 10 us; the machine may have other things to do.
constexpr uint64_t kStatPatience = 200'000'000;  // ns
constexpr int kStatPause = 50;                   // ms

struct StatQuestion {
  uint32_t pid;
  size_t place;
  std::optional<ProcessStat> stat;
};

void Answer(StatQuestion* question) {
  ProcessStat stat;
  if (ReadStat(static_cast<pid_t>(question->pid), &stat) == 0) question->stat = stat;
}

}  // namespace

std::vector<std::optional<ProcessStat>> StatsOf(const std::vector<uint32_t>& pids) {
  std::vector<std::optional<ProcessStat>> stats(pids.size());
  std::vector<StatQuestion> questions;
  for (const uint32_t pid : pids) questions.push_back({pid, questions.size(), {}});
  HeldReader<StatQuestion> reader(Answer, kStatPatience);
  reader.Ask(std::move(questions));
  while (reader.busy()) {
    pollfd told = {reader.descriptor(), POLLIN, 0};
    // EINTR only makes a look come early.
    poll(&told, 1, kStatPause);
    for (const StatQuestion& answer : reader.Take(MonotonicNow()))
      stats[answer.place] = answer.stat;
  }
  return stats;
}

}  // namespace pagefault
