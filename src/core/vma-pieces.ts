import { sameBacking, type Backing, type Vma } from './vma';

/**
 * The one spelling of a mapping in VMA maps. MMAP2 records call unnamed anonymous memory '//anon' and
 * give it a pgoff (its address when it was made), /proc/PID/maps calls it '' and prints 0: the same
 * mapping must not look like two.
 */
export function normalVma(vma: Vma): Vma {
  const anonymous = vma.backing.name === '//anon';
  if (!anonymous && (vma.pgoff === 0 || countsOffsets(vma.backing))) return vma;
  return { ...vma, pgoff: 0, backing: anonymous ? UNNAMED : vma.backing };
}

const UNNAMED: Backing = Object.freeze({ name: '', devMajor: 0, devMinor: 0, ino: '0' });
export const HEAP: Backing = Object.freeze({ ...UNNAMED, name: '[heap]' });

export function isHeap(vma: Vma): boolean {
  return vma.backing.name === HEAP.name;
}

/** The part [start, end) of a mapping, with the pgoff of its new first page. */
export function cutVma(vma: Vma, start: number, end: number): Vma {
  if (start === vma.start && end === vma.end) return vma;
  const pgoff = countsOffsets(vma.backing) ? vma.pgoff + (start - vma.start) : vma.pgoff;
  return { ...vma, start, end, pgoff };
}

/** Whether two overlapping mappings show the same thing in the same way at every common page. */
export function sameMapping(a: Vma, b: Vma): boolean {
  return (
    a.prot === b.prot &&
    a.shared === b.shared &&
    sameBacking(a.backing, b.backing) &&
    (!countsOffsets(a.backing) || a.pgoff - b.pgoff === a.start - b.start)
  );
}

/** Unnamed private anonymous memory: what malloc, stacks and the first growth of the heap are made of. */
export function isUnnamed(vma: Vma): boolean {
  return !vma.shared && vma.backing.name === '';
}

/** There is an object with offsets behind the mapping: a file, also one whose name was too long. */
function countsOffsets(backing: Backing): boolean {
  if (backing.ino !== '0') return true;
  return backing.name.charCodeAt(0) === 0x2f /* / */ && backing.name !== '//anon';
}
