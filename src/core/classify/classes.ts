/** Classes, causes and region kinds (docs/classes.md), as small codes for columns. */

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
  'huge-page',
  'device',
  'userfaultfd',
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
  HUGE_PAGE: 5,
  DEVICE: 6,
  USERFAULTFD: 7,
  COW_ANON: 8,
  COW_FILE: 9,
  WRITE_NOTIFY: 10,
  PROTECTION: 11,
  UNRESOLVED: 12,
  UNKNOWN: 13,
} as const;
export const CAUSE_COUNT = CAUSE_NAMES.length;

export const KIND_NAMES = [
  'file',
  'heap',
  'stack',
  'anon',
  'shm',
  'device',
  'special',
  'unknown',
] as const;
export type KindName = (typeof KIND_NAMES)[number];
export const RegionKind = {
  FILE: 0,
  HEAP: 1,
  STACK: 2,
  ANON: 3,
  SHM: 4,
  DEVICE: 5,
  SPECIAL: 6,
  UNKNOWN: 7,
} as const;
