#include "capture/family.h"

#include <utility>

namespace pagefault {

namespace {
// No tree of processes is so deep. Numbers that are given again can make a circle.
constexpr size_t kMaxDepth = 10'000;
}  // namespace

Family::Family(uint32_t self, AskParent ask) : self_(self), ask_(std::move(ask)) {
  // Whose parent is shown as 0 has none in our pid namespace.
  strangers_ = {0, self};
}

void Family::Tell(uint32_t pid, uint32_t parent) {
  if (pid == self_ || !parents_.emplace(pid, parent).second) return;
  told_.push_back(pid);
}

std::vector<pid_t> Family::Fresh() {
  missed_ = false;
  std::vector<pid_t> fresh;
  for (uint32_t pid : std::exchange(told_, {})) Judge(pid, &fresh);
  return fresh;
}

bool Family::ParentOf(uint32_t pid, uint32_t* parent) {
  const auto known = parents_.find(pid);
  if (known != parents_.end()) {
    *parent = known->second;
    return true;
  }
  if (lost_.count(pid) != 0) return false;
  if (ask_(pid, parent)) {
    parents_[pid] = *parent;
    return true;
  }
  missed_ = true;
  lost_.insert(pid);
  return false;
}

void Family::Judge(uint32_t pid, std::vector<pid_t>* fresh) {
  std::vector<uint32_t> path;
  uint32_t at = pid;
  while (members_.count(at) == 0 && strangers_.count(at) == 0 && path.size() < kMaxDepth) {
    uint32_t parent;
    if (ParentOf(at, &parent)) {
      path.push_back(at);
      at = parent;
      continue;
    }
    // It has ended, and its children have another parent by now (exit_notify, kernel/exit.c), of
    // whom /proc tells while they live.
    while (!path.empty() && !(ask_(path.back(), &parent) && parent != at)) {
      missed_ = true;
      at = path.back();
      parents_.erase(at);
      lost_.insert(at);
      path.pop_back();
    }
    if (path.empty()) return;
    parents_[path.back()] = parent;
    at = parent;
  }
  const bool member = members_.count(at) != 0;
  for (; !path.empty(); path.pop_back()) {
    if (!(member ? members_ : strangers_).insert(path.back()).second || !member) continue;
    fresh->push_back(static_cast<pid_t>(path.back()));
  }
}

}  // namespace pagefault
