/** As addon/reader/mapped_file.cc has it. */
const MAX_ANCESTORS = 4;

/**
 * A process, and those that it comes from, nearest first. While one of them lives, most files that it had mapped can be
 * reached: below the same paths, or where that was born with them, in its mappings.
 */
export interface Lineage {
  readonly pid: number;
  readonly ancestors: readonly number[];
}

/** The ancestors of a child. `ppid`: 0 where nobody knows its parent. */
export function ancestorsOfChild(ppid: number, parent: Lineage | undefined): readonly number[] {
  return ppid === 0 ? [] : [ppid, ...(parent?.ancestors ?? [])].slice(0, MAX_ANCESTORS);
}
