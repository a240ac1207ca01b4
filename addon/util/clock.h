// The clock of all times: CLOCK_MONOTONIC of the initial time namespace.
#pragma once

#include <cstdint>
#include <string>

namespace pagefault {

// Now, ns, as perf's time stamps have it. clock_gettime(2) is shifted in a time namespace, perf is
// not; time_namespaces(7).
uint64_t MonotonicNow();

// The shift of CLOCK_MONOTONIC in the text of a timens_offsets file, ns; 0 where it has none.
int64_t MonotonicShift(const std::string& text);

}  // namespace pagefault
