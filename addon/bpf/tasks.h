// What is kept of each thread that is followed, by the address of its task_struct. A part of
// faults.bpf.c.
//
// A look into a hash table costs as much as all else that an entry needs (65 ns where a look into
// an array costs 5), twice for each fault, and on the entries of those who are not followed too. So
// a thread lies in the place of an array that its address leads to, its home, unless another has
// come there before; then it lies in the table beside.
#pragma once

enum { kHomeBits = 13 };

struct Home {
  u64 key;     // of whom it keeps, 0: of none
  u64 beside;  // threads that lie in the table because this one was taken
  struct BpfTask task;
};

struct {
  MAP_NUMBER(type, BPF_MAP_TYPE_ARRAY);
  MAP_NUMBER(max_entries, 1 << kHomeBits);
  MAP_TYPE(key, u32);
  MAP_TYPE(value, struct Home);
} homes SEC(".maps");

// Whose a home is. Of several that want it at a time one finds that it was none's.
struct {
  MAP_NUMBER(type, BPF_MAP_TYPE_HASH);
  MAP_NUMBER(max_entries, 1 << kHomeBits);
  MAP_TYPE(key, u32);
  MAP_TYPE(value, u64);
} owners SEC(".maps");

struct {
  MAP_NUMBER(type, BPF_MAP_TYPE_HASH);
  MAP_NUMBER(max_entries, 65536);
  MAP_TYPE(key, u64);
  MAP_TYPE(value, struct BpfTask);
} beside SEC(".maps");

// Multiplied by the golden ratio: addresses differ in their middle bits.
INLINE u32 HomeOf(u64 key) {
  return key * 0x9e3779b97f4a7c15ULL >> (64 - kHomeBits);
}

// NULL: it is not followed.
INLINE struct BpfTask* FindTask(u64 key) {
  const u32 at = HomeOf(key);
  struct Home* const home = bpf_map_lookup_elem(&homes, &at);
  if (home == NULL) return NULL;
  if (*(volatile u64*)&home->key == key) return &home->task;
  if (*(volatile u64*)&home->beside == 0) return NULL;
  return bpf_map_lookup_elem(&beside, &key);
}

// For a thread that is not followed yet. NULL: there is no room. Where two programs do so at a
// time, for one thread, what the other has noted of it may be lost.
INLINE struct BpfTask* AddTask(u64 key, const struct BpfTask* task) {
  const u32 at = HomeOf(key);
  struct Home* const home = bpf_map_lookup_elem(&homes, &at);
  if (home == NULL) return NULL;
  if (bpf_map_update_elem(&owners, &at, &key, BPF_NOEXIST) == 0) {
    home->task = *task;
    BARRIER();
    *(volatile u64*)&home->key = key;
    return &home->task;
  }
  const u64* const owner = bpf_map_lookup_elem(&owners, &at);
  if (owner != NULL && *owner == key) return &home->task;
  // Before it can be found there.
  __sync_fetch_and_add(&home->beside, 1);
  if (bpf_map_update_elem(&beside, &key, task, BPF_NOEXIST) != 0) {
    __sync_fetch_and_add(&home->beside, -1);
  }
  return bpf_map_lookup_elem(&beside, &key);
}

// For one that may not be followed at all.
INLINE void DropTask(u64 key) {
  const u32 at = HomeOf(key);
  struct Home* const home = bpf_map_lookup_elem(&homes, &at);
  if (home == NULL) return;
  if (home->key == key) {
    *(volatile u64*)&home->key = 0;
    BARRIER();
    bpf_map_delete_elem(&owners, &at);
  }
  // Those that two programs have added at a time may lie in both.
  if (home->beside != 0 && bpf_map_delete_elem(&beside, &key) == 0) {
    __sync_fetch_and_add(&home->beside, -1);
  }
}
