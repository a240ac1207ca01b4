// Signals that nobody means for us.
#pragma once

namespace pagefault {

// Ignores the signals that would end the process and that no JavaScript listens to: the real-time
// ones, for which Node has no names, and a few that only a mistake sends. Signals of a crash stay
// what they are.
void IgnoreStraySignals();

}  // namespace pagefault
