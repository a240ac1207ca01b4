#include "faults/syscall_pairer.h"

#include <algorithm>

namespace pagefault {

namespace {

bool Failed(uint64_t result) {
  return result > static_cast<uint64_t>(-4096);
}

// Whose copies are of this kind.
EventKind ExitOf(EventKind copy) {
  return copy == EventKind::kMmapCopy  ? EventKind::kMmapExit
         : copy == EventKind::kBrkCopy ? EventKind::kBrkExit
                                       : EventKind::kMremapExit;
}

}  // namespace

void SyscallPairer::OnSyscall(Thread& thread, const Record& record) {
  switch (record.event) {
    case EventKind::kMunmapEnter:
    case EventKind::kMremapEnter:
    case EventKind::kMmapEnter:
      thread.syscall = static_cast<uint8_t>(record.event);
      thread.syscall_time = record.time;
      std::copy(record.argument, record.argument + 5, thread.argument);
      return;
    case EventKind::kShmdtEnter: {
      // It fails where nothing is attached, and then the map has nothing to detach.
      RecordRow row = Row(RecordType::kDetach, thread, session_.Since(record.time));
      row.start = Pages(record.argument[0]);
      row.entered = session_.Since(record.time);
      mailbox_.Add(row);
      return;
    }
    case EventKind::kBrkExit:
      OnBrk(thread, record);
      break;
    default:
      OnExit(thread, record);
  }
  thread.maker = MakerCopy();
}

void SyscallPairer::OnCopy(Thread& thread, const Record& record) {
  if (record.registers == nullptr) return;
  thread.maker.exit = static_cast<uint8_t>(ExitOf(record.event));
  thread.maker.result = record.argument[0];
  CopyWords(record, &thread.maker.words);
}

void SyscallPairer::OnExit(Thread& thread, const Record& record) {
  const EventKind entered = static_cast<EventKind>(thread.syscall);
  thread.syscall = 0;
  const uint64_t result = record.argument[0];
  if (Failed(result)) return;
  const uint64_t* argument = thread.argument;
  if (record.event == EventKind::kMunmapExit && entered == EventKind::kMunmapEnter) {
    RecordRow row = Row(RecordType::kUnmap, thread, session_.Since(record.time));
    row.start = Pages(argument[0]);
    row.end = PagesUp(argument[0] + argument[1]);
    row.entered = session_.Since(thread.syscall_time);
    mailbox_.Add(row);
  } else if (record.event == EventKind::kMremapExit && entered == EventKind::kMremapEnter) {
    RecordRow row = Row(RecordType::kRemap, thread, session_.Since(record.time));
    row.start = Pages(argument[0]);
    row.end = PagesUp(argument[0] + argument[1]);
    row.entered = session_.Since(thread.syscall_time);
    row.new_start = Pages(result);
    row.new_end = PagesUp(result + argument[2]);
    row.flags = static_cast<uint32_t>(argument[3]);
    mailbox_.Add(row);
    // Shrunk where it was it is still who made it before.
    if (result != argument[0] || argument[2] > argument[1]) {
      Made(thread, record, result, result + argument[2]);
    }
  } else if (record.event == EventKind::kMmapExit && entered == EventKind::kMmapEnter) {
    Made(thread, record, result, result + argument[0]);
  }
}

void SyscallPairer::OnBrk(Thread& thread, const Record& record) {
  const uint64_t now = record.argument[0];
  // Where it grew, the kernel has just reported the mapping that resulted (do_brk_flags, mm/vma.c).
  const bool grown = thread.mapped_end != 0 && PagesUp(thread.mapped_end) == PagesUp(now);
  if (grown) Made(thread, record, thread.mapped_start, thread.mapped_end, kMadeByBreak);
  thread.mapped_end = 0;
  RecordRow row = Row(RecordType::kBrk, thread, session_.Since(record.time));
  row.end = PagesUp(now);
  mailbox_.Add(row);
}

void SyscallPairer::Made(const Thread& thread, const Record& record, uint64_t start, uint64_t end,
                         uint32_t flags) {
  if (end <= start) return;
  RecordRow row = Row(RecordType::kMadeBy, thread, session_.Since(record.time));
  row.start = Pages(start);
  row.end = PagesUp(end);
  row.flags = flags;
  const MakerCopy& copy = thread.maker;
  if (record.chain_size > 0) {
    row.name = reinterpret_cast<const char*>(record.chain);
    row.name_length = 8 * record.chain_size;
    mailbox_.Add(row);
  } else if (copy.exit == static_cast<uint8_t>(record.event) && copy.result == record.argument[0]) {
    row.type = RecordType::kMadeByCopy;
    mailbox_.AddCopy(row, copy.words);
  }
}

}  // namespace pagefault
