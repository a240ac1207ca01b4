// What the programs need of the kernel's interface to BPF: include/uapi/linux/bpf.h and
// bpf_perf_event.h, with the numbers that they have there for good. So the compiler needs no
// headers, and makes the same instructions wherever it runs.
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef int s32;
typedef unsigned long long u64;
typedef long long s64;

#define NULL ((void*)0)
#define INLINE static inline __attribute__((always_inline))
#define SEC(name) __attribute__((section(name), used))
// How libbpf is told of a map: by the type of a variable in the section .maps.
#define MAP_NUMBER(name, value) int(*name)[value]
#define MAP_TYPE(name, value) typeof(value)* name

enum {
  BPF_MAP_TYPE_HASH = 1,
  BPF_MAP_TYPE_ARRAY = 2,
  BPF_MAP_TYPE_PERF_EVENT_ARRAY = 4,
  BPF_MAP_TYPE_CGROUP_ARRAY = 8,
  BPF_MAP_TYPE_RINGBUF = 27,
};
enum { BPF_F_MMAPABLE = 1 << 10 };
enum { BPF_ANY = 0, BPF_NOEXIST = 1 };
#define BPF_F_CURRENT_CPU 0xffffffffULL
enum { BPF_RB_NO_WAKEUP = 1 << 0, BPF_RB_FORCE_WAKEUP = 1 << 1 };
enum { PERF_RECORD_SAMPLE = 9 };

// The compiler moves no store over it. Nor does the processor, which is an x86-64.
#define BARRIER() asm volatile("" ::: "memory")

static void* (*const bpf_map_lookup_elem)(void* map, const void* key) = (void*)1;
static long (*const bpf_map_update_elem)(void* map, const void* key, const void* value,
                                         u64 flags) = (void*)2;
static long (*const bpf_map_delete_elem)(void* map, const void* key) = (void*)3;
static u64 (*const bpf_ktime_get_ns)(void) = (void*)5;
static u32 (*const bpf_get_prandom_u32)(void) = (void*)7;
static u32 (*const bpf_get_smp_processor_id)(void) = (void*)8;
static u64 (*const bpf_get_current_pid_tgid)(void) = (void*)14;
static long (*const bpf_perf_event_output)(void* context, void* map, u64 flags, void* data,
                                           u64 size) = (void*)25;
static u64 (*const bpf_get_current_task)(void) = (void*)35;
static long (*const bpf_current_task_under_cgroup)(void* map, u32 index) = (void*)37;
static long (*const bpf_probe_read_kernel)(void* to, u32 size, const void* from) = (void*)113;
struct seq_file;
static long (*const bpf_seq_write)(struct seq_file* file, const void* data, u32 size) = (void*)127;
static long (*const bpf_ringbuf_output)(void* map, void* data, u64 size, u64 flags) = (void*)130;
