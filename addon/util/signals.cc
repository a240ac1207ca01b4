#include "util/signals.h"

#include <initializer_list>

#include "util/kernel_signal.h"

namespace pagefault {

void IgnoreStraySignals() {
  for (int signal : {SIGUSR2, SIGVTALRM, SIGPROF, SIGIO, SIGSTKFLT}) SetHandler(signal, SIG_IGN);
  // From the first that the kernel calls real-time; the C library may have handlers for some.
  for (int signal = 32; signal <= kLastSignal; signal++)
    if (HandlerOf(signal) == SIG_DFL) SetHandler(signal, SIG_IGN);
}

}  // namespace pagefault
