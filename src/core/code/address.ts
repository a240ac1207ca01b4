import { hexText } from '../text/format';
import type { Lineage } from '../vma/lineage';
import type { Vma } from '../vma/vma';

/** What kind of place code lies in. */
export const PlaceKind = {
  /** In no mapping that is known. */
  UNKNOWN: 0,
  FILE: 1,
  KERNEL: 2,
  VDSO: 3,
  /** Made at run time, in memory of the process that no file is behind. */
  ANON: 4,
  /** No code: the data of a file. */
  DATA: 5,
  /** The same: the thread-local variables of a program, counted from where they begin. */
  TLS: 6,
} as const;

/** What addresses of code count from. One object per place, for as long as the table remembers it. */
export interface CodePlace {
  /** One of PlaceKind. */
  readonly kind: number;
  /** What a person reads: `libc.so.6`, `[kernel]`, `[vdso]`, `[anon]`, `[unknown]`. Raw. */
  readonly object: string;
  /** Path of the mapped file, '' without one. Raw. */
  readonly path: string;
  /** Of a file: which of those that had its numbers one after the other (fileEra of ProcSource). */
  readonly era: number;
  /** Tells places apart: unlike `object` never the same for two. */
  readonly key: string;
  /** A process in which it was met last, and the mapping there; null where there is none. */
  pid: number;
  vma: Vma | null;
  /** Of that process: see Lineage. */
  ancestors: readonly number[];
}

/** The place is met in a process. It is asked for there: those before may have ended. */
export function meet(place: CodePlace, { pid, ancestors }: Lineage, vma: Vma): void {
  place.pid = pid;
  place.ancestors = ancestors;
  place.vma = vma;
}

/** What stands in a stack for the frames towards the root that could not be found, or find no room. */
export const TRUNCATED = '[truncated]';

/** A function at an address. Inlined functions are frames of their own. */
export interface CodeFrame {
  /** '' where it is not known. Raw. */
  readonly function: string;
  /** Bytes from the start of the function that the symbol table names. */
  readonly offset: number;
  /** Source file as the compiler recorded it, '' where it is not known. Raw. */
  readonly file: string;
  /** 0 where it is not known. */
  readonly line: number;
}

/** One instruction: a place, and an offset in two halves (the kernel's addresses need 64 bits). */
export interface CodeAddress {
  readonly place: CodePlace;
  /** File offset, offset into the vdso, or address. */
  readonly high: number;
  readonly low: number;
  /** Its number in the table that made it. */
  readonly code: number;
  /** `place.object`; of the kernel's code the module, once it is known. Raw. */
  object: string;
  /** Innermost first; empty where nothing is known, null as long as no answer has come. */
  frames: readonly CodeFrame[] | null;
  /** No frame pointer is set up there: who walks those misses the caller. */
  frameless?: boolean;
}

/** `object+0x1a2b`: what stands for an address that has no name. */
export function bareName({
  object,
  high,
  low,
}: Pick<CodeAddress, 'object' | 'high' | 'low'>): string {
  return `${object}+${hexText(high, low)}`;
}
