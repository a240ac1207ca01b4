// From where entries come that programs join with their completions (Plan::apart): from events of
// the threads that are followed, whose records cost these threads more, or from programs, which run
// for every fault on the machine. The former as long as the threads fault seldom; the latter once
// they do not, and from then on.
//
// Completions are those of programs all along, so that nothing is counted in another way. What is
// entered while both are there is told twice, and joined once (FaultAssembler).
#pragma once

#include <cstdint>
#include <vector>

#include "capture/event_set.h"
#include "util/fd.h"

namespace pagefault {

class EntryMove {
 public:
  explicit EntryMove(EventSet& events) : events_(events) {}

  // Takes the step that is due. `faults`: of those who are followed, since the start. Returns 0 or
  // the errno with which programs were refused: then everything stays as it is. What is no longer
  // needed is put into `over`: to close the last event of a tracepoint takes the kernel some 35 ms.
  int Next(uint64_t faults, uint64_t now, std::vector<Fd>* over);
  // Up to when entries may have records of their own (raw clock); 0: that has not ended.
  uint64_t ended() const { return ended_; }

 private:
  enum class Stage { kApart, kBoth, kOver };
  bool IsBusy(uint64_t faults, uint64_t now);

  EventSet& events_;
  Stage stage_ = Stage::kApart;
  uint64_t since_ = 0;   // of kBoth, or of the faults that are counted in kApart
  uint64_t before_ = 0;  // faults up to then
  uint64_t ended_ = 0;
};

}  // namespace pagefault
