// Whether the addon is built with programs that the kernel runs (PAGEFAULT_BPF).
#pragma once

#if defined(__x86_64__) && __has_include(<bpf/libbpf.h>)
#define PAGEFAULT_BPF 1
#endif
