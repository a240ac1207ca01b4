// Enter and exit of the system calls that change an address space without another record -> what
// they did to it, and by which call stack they mapped memory. munmap and mremap take effect
// somewhere in between.
#pragma once

#include "faults/decode.h"
#include "faults/record_rows.h"
#include "faults/threads.h"
#include "wire/mailbox.h"

namespace pagefault {

class SyscallPairer {
 public:
  SyscallPairer(Mailbox& mailbox, const SessionTime& session)
      : mailbox_(mailbox), session_(session) {}

  void OnSyscall(Thread& thread, const Record& record);
  // Whose exit comes next.
  static void OnCopy(Thread& thread, const Record& record);

 private:
  void OnExit(Thread& thread, const Record& record);
  void OnBrk(Thread& thread, const Record& record);
  // The call stack of what has just mapped a range, in bytes, where there is one.
  void Made(const Thread& thread, const Record& record, uint64_t start, uint64_t end,
            uint32_t flags = 0);

  Mailbox& mailbox_;
  const SessionTime& session_;
};

}  // namespace pagefault
