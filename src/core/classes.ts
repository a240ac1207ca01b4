/** Classes, causes and region kinds (shared contract), as small codes for columns. */

export const CLASS_NAMES = ['MAJOR', 'MINOR', 'COW', 'ERROR'] as const;
export type ClassName = (typeof CLASS_NAMES)[number];
export const FaultClass = { MAJOR: 0, MINOR: 1, COW: 2, ERROR: 3 } as const;
export const CLASS_COUNT = CLASS_NAMES.length;

export const CAUSE_NAMES = [
  'demand-zero',
  'page-cache',
  'file-read',
  'swap-in',
  'shmem',
  'cow-anon',
  'cow-file',
  'write-notify',
  'protection',
  'unresolved',
  'unknown',
] as const;
export type CauseName = (typeof CAUSE_NAMES)[number];
export const Cause = {
  DEMAND_ZERO: 0,
  PAGE_CACHE: 1,
  FILE_READ: 2,
  SWAP_IN: 3,
  SHMEM: 4,
  COW_ANON: 5,
  COW_FILE: 6,
  WRITE_NOTIFY: 7,
  PROTECTION: 8,
  UNRESOLVED: 9,
  UNKNOWN: 10,
} as const;
export const CAUSE_COUNT = CAUSE_NAMES.length;

export const KIND_NAMES = ['file', 'heap', 'stack', 'anon', 'shm', 'special', 'unknown'] as const;
export type KindName = (typeof KIND_NAMES)[number];
export const RegionKind = {
  FILE: 0,
  HEAP: 1,
  STACK: 2,
  ANON: 3,
  SHM: 4,
  SPECIAL: 5,
  UNKNOWN: 6,
} as const;
