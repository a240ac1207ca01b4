// What it costs a thread that programs count its faults.
#pragma once

#include <cstdint>

#include "bpf/programs.h"

namespace pagefault {

// What a run of a program costs beside what the program says itself (BpfSpent): the tracepoint or
// the event that calls it, for each fault in ns. Measured on faults of our own, before the programs
// of the session are loaded. -1 where it could not be, and `refusal` says why not.
double MeasureAround(BpfRefusal* refusal);

}  // namespace pagefault
