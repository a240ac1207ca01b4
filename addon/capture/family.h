// Who descends from whom, of processes that are born and end while that is found out.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace pagefault {

class Family {
 public:
  // Asks /proc for the parent that a process has now; false where it has ended or is not shown.
  using AskParent = std::function<bool(uint32_t pid, uint32_t* parent)>;

  // `self` is never a descendant: its faults would feed what it does.
  Family(uint32_t self, AskParent ask);

  // A process that was asked for.
  void Add(uint32_t pid) { members_.insert(pid); }
  // By its birth or in a list of processes. The parent that is told first stays: an orphan is given
  // another.
  void Tell(uint32_t pid, uint32_t parent);
  // Descendants that were not returned so far, parents first.
  std::vector<pid_t> Fresh();
  // At the last Fresh() some had ended before they could be asked. What they have borne until then
  // has a record by now.
  bool missed() const { return missed_; }

 private:
  // What is known of a process and those above it.
  void Judge(uint32_t pid, std::vector<pid_t>* fresh);
  // The parent to climb to; false where neither records nor /proc tell of any.
  bool ParentOf(uint32_t pid, uint32_t* parent);

  const uint32_t self_;
  const AskParent ask_;
  // Those asked for and all that descend from them, dead ones too.
  std::unordered_set<uint32_t> members_;
  std::unordered_set<uint32_t> strangers_;
  // Gone before anybody told whose they were.
  std::unordered_set<uint32_t> lost_;
  std::unordered_map<uint32_t, uint32_t> parents_;
  std::vector<uint32_t> told_;  // to be judged
  bool missed_ = false;
};

}  // namespace pagefault
