// What is called of libbpf, found in the shared library when it is first needed.
#pragma once

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dlfcn.h>

namespace pagefault {

// X(name)
#define PAGEFAULT_LIBBPF(X)           \
  X(bpf_iter_create)                  \
  X(bpf_link__destroy)                \
  X(bpf_link__fd)                     \
  X(bpf_map__fd)                      \
  X(bpf_map__initial_value)           \
  X(bpf_map__set_max_entries)         \
  X(bpf_map_update_elem)              \
  X(bpf_object__close)                \
  X(bpf_object__find_map_by_name)     \
  X(bpf_object__find_program_by_name) \
  X(bpf_object__load)                 \
  X(bpf_object__open_mem)             \
  X(bpf_program__attach)              \
  X(bpf_program__fd)                  \
  X(bpf_raw_tracepoint_open)          \
  X(libbpf_num_possible_cpus)         \
  X(libbpf_set_print)

struct Libbpf {
#define PAGEFAULT_MEMBER(name) decltype(&::name) name = nullptr;
  PAGEFAULT_LIBBPF(PAGEFAULT_MEMBER)
#undef PAGEFAULT_MEMBER

  // False where the library is not there, or is another one.
  bool Find() {
    // Stays open: it is opened once more at the most.
    void* library = dlopen("libbpf.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return false;
    bool all = true;
#define PAGEFAULT_FIND(name)                                      \
  name = reinterpret_cast<decltype(name)>(dlsym(library, #name)); \
  all = all && name != nullptr;
    PAGEFAULT_LIBBPF(PAGEFAULT_FIND)
#undef PAGEFAULT_FIND
    return all;
  }
};

}  // namespace pagefault
