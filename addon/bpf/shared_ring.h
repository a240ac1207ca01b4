// Writing into the ring of a CPU that lies in shared memory (BpfRing). A part of faults.bpf.c.
#pragma once

struct {
  MAP_NUMBER(type, BPF_MAP_TYPE_ARRAY);
  MAP_NUMBER(map_flags, BPF_F_MMAPABLE);
  MAP_NUMBER(max_entries, 1);
  MAP_TYPE(key, u32);
  MAP_TYPE(value, struct BpfRing);
} shared_rings SEC(".maps");

// Of all rings, one behind the other.
struct {
  MAP_NUMBER(type, BPF_MAP_TYPE_ARRAY);
  MAP_NUMBER(map_flags, BPF_F_MMAPABLE);
  MAP_NUMBER(max_entries, 1);
  MAP_TYPE(key, u32);
  MAP_TYPE(value, struct BpfSlot);
} slots SEC(".maps");

// What wakes the reader. What is in it says nothing more; where it is full the reader has been
// woken.
struct {
  MAP_NUMBER(type, BPF_MAP_TYPE_RINGBUF);
  MAP_NUMBER(max_entries, kBpfWakeBytes);
} wakes SEC(".maps");

typedef u64 __attribute__((may_alias)) Word;

// Header, identifier, then the raw data, which begins with its size of 4 bytes: so its words lie
// across those of the slot.
INLINE void FillSlot(struct BpfSlot* slot, u64 id, u32 raw_bytes, u32 slot_bytes,
                     const struct BpfFault* fault) {
  const Word* const from = (const Word*)fault;
  slot->words[0] = PERF_RECORD_SAMPLE | (u64)slot_bytes << 48;
  slot->words[1] = id;
  slot->words[2] = raw_bytes | from[0] << 32;
#pragma unroll
  for (int i = 1; i <= 5; i++) slot->words[i + 2] = from[i - 1] >> 32 | from[i] << 32;
}

// Returns whether the CPU has such a ring; `found` whether there was room in it. The reader is
// woken whenever another quarter of it has been filled.
INLINE int PutShared(const struct BpfFault* fault, int* found) {
  u32 cpu = bpf_get_smp_processor_id();
  struct BpfRing* const ring = bpf_map_lookup_elem(&shared_rings, &cpu);
  if (ring == NULL || ring->bytes == 0) return 0;
  const u32 bytes = kBpfSlotBytes * (settings.sampled ? kBpfSampleSlots : kBpfFaultSlots);
  const u64 head = ring->head;
  *found = 0;
  if (head + bytes - *(volatile u64*)&ring->tail > ring->bytes) return 1;
  u32 at = ring->first + (u32)(head & (ring->bytes - 1)) / kBpfSlotBytes;
  struct BpfSlot* slot = bpf_map_lookup_elem(&slots, &at);
  if (slot == NULL) return 1;
  FillSlot(slot, ring->id, settings.sampled ? kBpfSampleBytes : kBpfFaultBytes, bytes, fault);
  if (settings.sampled) {
    at++;
    slot = bpf_map_lookup_elem(&slots, &at);
    if (slot == NULL) return 1;
    slot->words[0] = fault->weight | (u64)(u32)fault->counted << 32;
  }
  BARRIER();
  *(volatile u64*)&ring->head = head + bytes;
  *found = 1;
  if (((head + bytes) & (ring->bytes / 4 - 1)) == 0) {
    bpf_ringbuf_output(&wakes, &cpu, sizeof cpu, BPF_RB_FORCE_WAKEUP);
  }
  return 1;
}
