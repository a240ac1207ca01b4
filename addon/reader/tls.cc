// Where threads of a target have the thread-local variables of its program.
//
//   request   u32 pid, u16 threads, u32 tid each
//   answer    u64 address of the program's headers in memory, u64 bytes of its variables (0: it has
//             none, or one cannot tell); of each thread u64 where they begin, 0 where that is not
//             known, 1 where the thread has ended, 2 where it has just begun
//   errno     ESRCH the process is gone, or why it cannot be looked at
//
// The variables of the program end at the thread pointer (ELF Handling for Thread-Local Storage,
// 3.4.6: variant II, as on x86-64). The kernel tells of no other thread's, but it knows the list
// that the C library has registered for each (get_robust_list(2)), which lies in what the pointer
// points to. Whether it does is certain: that begins with its own address, and has it once more
// (tcbhead_t of glibc, sysdeps/x86_64/nptl/tls.h). Nothing of the target is stopped or brought into
// memory.

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "mapped_file.h"
#include "operations.h"
#include "task_files.h"

namespace pagefault {
namespace reader {

namespace {

constexpr size_t kMaxThreads = 4096;
constexpr size_t kMaxAuxiliary = 4096;
constexpr size_t kMaxHeaders = 64;
constexpr uint64_t kMaxSize = 1 << 30;
constexpr uint64_t kMaxAlignment = 1 << 20;
// Of struct pthread (nptl/descr.h), as glibc has had it on x86-64 for as long as it has the list.
constexpr uint64_t kRobustList = 0x2e0;
// In place of an address.
constexpr uint64_t kEnded = 1;
constexpr uint64_t kStarting = 2;
// CPU time, ns. A thread registers its list within microseconds, a program when its libraries are
// mapped.
constexpr uint64_t kBegun = 20'000'000;
constexpr size_t kMaxTimes = 256;

struct Program {
  Fd memory, pagemap;
  uint64_t headers = 0;  // where they are in memory
  uint64_t size = 0;
};

bool ReadWhole(int fd, void* out, size_t bytes, uint64_t at) {
  return ReaderOf(fd)(at, static_cast<uint8_t*>(out), bytes) == bytes;
}

uint64_t HeadersInMemory(const std::string& directory) {
  Output text;
  if (ReadFile(directory + "/auxv", kMaxAuxiliary, &text) != 0) return 0;
  Input entries(text.bytes().data(), text.bytes().size());
  for (size_t left = text.bytes().size() / 16; left > 0; left--) {
    const uint64_t type = entries.U64();
    const uint64_t value = entries.U64();
    if (type == AT_PHDR) return value;
  }
  return 0;
}

// Bytes from where its variables begin to the thread pointer.
uint64_t SizeOf(int file) {
  Elf64_Ehdr head;
  if (!ReadWhole(file, &head, sizeof head, 0) || head.e_machine != EM_X86_64) return 0;
  if (head.e_phentsize != sizeof(Elf64_Phdr) || head.e_phnum > kMaxHeaders) return 0;
  std::vector<Elf64_Phdr> list(head.e_phnum);
  if (!ReadWhole(file, list.data(), sizeof(Elf64_Phdr) * list.size(), head.e_phoff)) return 0;
  for (const Elf64_Phdr& header : list) {
    if (header.p_type != PT_TLS) continue;
    const uint64_t alignment = header.p_align == 0 ? 1 : header.p_align;
    const bool sane = header.p_memsz <= kMaxSize && alignment <= kMaxAlignment &&
                      (alignment & (alignment - 1)) == 0;
    // Linkers disagree about what begins in the middle of its alignment.
    if (!sane || header.p_vaddr % alignment != 0) return 0;
    return (header.p_memsz + alignment - 1) & ~(alignment - 1);
  }
  return 0;
}

int OpenProgram(const Context& context, uint32_t pid, Program* out) {
  int error = ESRCH;
  EachTask(context.proc, pid, [&](const std::string& directory) {
    const Fd place(open((directory + "/exe").c_str(), O_PATH | O_CLOEXEC));
    Fd file;
    error = place.ok() ? OpenRegular(place, &file) : errno;
    if (error != 0) return false;
    out->memory.Reset(open((directory + "/mem").c_str(), O_RDONLY | O_CLOEXEC));
    out->pagemap.Reset(open((directory + "/pagemap").c_str(), O_RDONLY | O_CLOEXEC));
    if (!out->memory.ok() || !out->pagemap.ok()) error = errno;
    out->headers = HeadersInMemory(directory);
    out->size = SizeOf(file.get());
    return error == 0;
  });
  return error == ENOENT ? ESRCH : error;
}

// To read a page that is not there would bring it in.
bool IsPresent(const Program& program, uint64_t address) {
  uint64_t entry = 0;
  const uint64_t page = address / static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  return ReadWhole(program.pagemap.get(), &entry, sizeof entry, 8 * page) && (entry >> 63) != 0;
}

// It has had so little CPU time that it cannot have registered its list (proc_pid_schedstat(5) has
// it first).
bool IsStarting(const std::string& task) {
  Output text;
  if (ReadFile(task + "/schedstat", kMaxTimes, &text) != 0) return true;
  const std::string times(text.bytes().begin(), text.bytes().end());
  return strtoull(times.c_str(), nullptr, 10) < kBegun;
}

// 0 where it is not certain.
uint64_t ThreadPointer(const Context& context, const Program& program, uint32_t pid, uint32_t tid) {
  uint64_t list = 0;
  size_t size = 0;
  if (syscall(SYS_get_robust_list, static_cast<pid_t>(tid), &list, &size) != 0) {
    return errno == ESRCH ? kEnded : 0;
  }
  if (list == 0) {
    const std::string process = context.proc + "/" + std::to_string(pid);
    return IsStarting(process + "/task/" + std::to_string(tid)) ? kStarting : 0;
  }
  if (list <= kRobustList) return 0;
  const uint64_t pointer = list - kRobustList;
  uint64_t head[3];
  // At less than this, where no C library puts it, a part could lie on the next page, and reading
  // that would bring it in, or wait for whom the target has made handle it.
  if (pointer % 32 != 0 || !IsPresent(program, pointer)) return 0;
  if (!ReadWhole(program.memory.get(), head, sizeof head, pointer)) return 0;
  return head[0] == pointer && head[2] == pointer ? pointer : 0;
}

}  // namespace

int Tls(Context* context, Input* request, Output* answer) {
  const uint32_t pid = request->U32();
  const size_t count = request->U16();
  if (count > kMaxThreads) return EINVAL;
  std::vector<uint32_t> tids(count);
  for (uint32_t& tid : tids) tid = request->U32();
  if (!request->Exact()) return EINVAL;
  Program program;
  const int error = OpenProgram(*context, pid, &program);
  if (error != 0) return error;
  answer->U64(program.headers);
  answer->U64(program.size);
  for (const uint32_t tid : tids) {
    const uint64_t pointer = program.size == 0 ? 0 : ThreadPointer(*context, program, pid, tid);
    const bool none = pointer == kEnded || pointer == kStarting;
    answer->U64(none ? pointer : pointer > program.size ? pointer - program.size : 0);
  }
  return 0;
}

}  // namespace reader
}  // namespace pagefault
