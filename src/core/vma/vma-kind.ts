import { Backings } from './backings';

/** What is mapped and how, as one number: protection in bits 0-2, MAP_SHARED in bit 3, backing above. */
const SHARED = 8;
const BACKING_SHIFT = 4;

export function kindOf(backing: number, prot: number, shared: boolean): number {
  return (backing << BACKING_SHIFT) | (shared ? SHARED : 0) | (prot & 7);
}

export function backingOf(kind: number): number {
  return kind >>> BACKING_SHIFT;
}

export function protOf(kind: number): number {
  return kind & 7;
}

export function isShared(kind: number): boolean {
  return (kind & SHARED) !== 0;
}

export function isHeap(kind: number): boolean {
  return backingOf(kind) === Backings.HEAP;
}

/** The same mapping under the name [heap]. */
export function heapKind(kind: number): number {
  return kindOf(Backings.HEAP, protOf(kind), isShared(kind));
}

/** Unnamed private anonymous memory: what malloc, stacks and the first growth of the heap are made of. */
export function isUnnamed(kind: number): boolean {
  return !isShared(kind) && backingOf(kind) === Backings.UNNAMED;
}
