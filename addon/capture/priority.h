// Who gets the CPU where there is not enough of it.
#pragma once

namespace pagefault {

// Raises the priority of the calling thread, unless somebody has chosen another than the default
// for us, or we may not. A target that keeps all CPUs busy with more threads than there are CPUs
// would leave us less than it takes to read what it does, and what is not read is lost.
void RaisePriority();

}  // namespace pagefault
