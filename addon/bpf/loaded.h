// Programs in the kernel, and what is shared with them.
#pragma once

#include <errno.h>
#include <fcntl.h>

#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "bpf/kernel_ring.h"
#include "bpf/library.h"
#include "bpf/map_memory.h"
#include "bpf/programs.h"
#include "bpf/shared_rings.h"
#include "util/fd.h"

namespace pagefault {

// Of entries.
inline constexpr const char* kEntryTracepoints[] = {"page_fault_user", "page_fault_kernel"};

// What is needed once all is loaded: libbpf's own object has a descriptor of each program and map.
struct BpfPrograms::Loaded {
  Libbpf lib;
  std::vector<Fd> links;          // programs on tracepoints
  Fd list, open, counts;          // links of the walks
  Fd listed, rings, stack_rings;  // maps
  Fd finish_minor, finish_major;
  Fd enter;  // the program of entries, as long as it may be attached, or attached again
  Fd entries[std::size(kEntryTracepoints)];  // its links
  MapMemory state_memory, counter_memory;
  SharedRings shared;
  KernelRing ended;
  size_t cpus = 0;    // that there may be
  size_t online = 0;  // of them, when the programs were loaded

  // All of these return 0 or an errno, and what it is about.
  int Load(const BpfOptions& options, std::string* what);
  int LoadObject(bpf_object* object, const BpfOptions& options, std::string* what);
  int Prepare(bpf_object* object, const BpfOptions& options);
  int Attach(bpf_object* object, const BpfSettings& settings, std::string* what);
  int AttachEntries();
  int MapMemories(bpf_object* object, size_t ring_bytes);
  // What one of the walks hands out, `size` bytes each. Returns 0 or an errno.
  int Walk(const Fd& link, size_t size, const std::function<void(const char*)>& visit) const;

  volatile BpfState* state() const { return static_cast<volatile BpfState*>(state_memory.at()); }
  // Of each possible CPU.
  const volatile BpfCounters* counters() const {
    return static_cast<const volatile BpfCounters*>(counter_memory.at());
  }
  int FdOf(const bpf_object* object, const char* map) const {
    return lib.bpf_map__fd(lib.bpf_object__find_map_by_name(object, map));
  }
  int Keep(int fd, Fd* own) const {
    own->Reset(fcntl(fd, F_DUPFD_CLOEXEC, 0));
    return own->ok() ? 0 : errno;
  }
};

}  // namespace pagefault
