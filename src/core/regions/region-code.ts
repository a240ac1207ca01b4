/**
 * What the model caches with an entry of the VMA map, as one small integer (VmaMap.region):
 *   -1               nothing yet
 *   >= 0             bits 0-15 slot of the region row, 16-19 Memory, 20 has file offsets
 *   <= -2            -2 - code is the number of a section set of the process
 */
export const NO_REGION = -1;
/** Never cached: which code it is can be told when an answer is there that is on its way. */
export const WAIT_CODE = -(2 ** 30);
const SLOT_BITS = 16;
const MEMORY_BITS = 4;
const FILE_BIT = 1 << (SLOT_BITS + MEMORY_BITS);

export function simpleCode(slot: number, memory: number, hasFile: boolean): number {
  return slot | (memory << SLOT_BITS) | (hasFile ? FILE_BIT : 0);
}

export function slotOf(code: number): number {
  return code & ((1 << SLOT_BITS) - 1);
}

export function memoryOf(code: number): number {
  return (code >> SLOT_BITS) & ((1 << MEMORY_BITS) - 1);
}

export function hasFileOf(code: number): boolean {
  return (code & FILE_BIT) !== 0;
}

export function setCode(set: number): number {
  return -2 - set;
}

export function setOf(code: number): number {
  return -2 - code;
}
