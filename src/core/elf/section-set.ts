import type { Span } from './section-spans';

const PAGE = 4096;

/**
 * The ELF sections of mappings and the region row of each. Coordinates are bytes: offsets into the file,
 * so that one set serves all mappings of one file with the same permissions, however they are split or
 * moved; or, for the anonymous tail of a .bss, which has no file offsets, bytes from `origin`, an address.
 */
export class SectionSet {
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  /** Rows by span; the last is for what lies in no section. -1: no fault there yet. */
  readonly rows: Int32Array;
  readonly names: readonly string[];
  private last = 0;

  /**
   * `spans` sorted and disjoint. `memory` is the mapping's (classify/rules.ts), `origin` a page, -1 for file
   * offsets. `filePages` is what turns a page of a .bss tail into the file page it would have, were the
   * file longer.
   */
  constructor(
    readonly spans: readonly Span[],
    readonly memory: number,
    readonly origin: number,
    readonly filePages = 0,
  ) {
    this.starts = Float64Array.from(spans, (s) => s.start);
    this.ends = Float64Array.from(spans, (s) => s.end);
    this.names = spans.map((s) => s.name);
    this.rows = new Int32Array(spans.length + 1).fill(-1);
  }

  get byFile(): boolean {
    return this.origin < 0;
  }

  /** Number of the span at a coordinate; `names.length` for none. */
  at(coordinate: number): number {
    const { starts, ends, last } = this;
    if (last < starts.length && starts[last]! <= coordinate && coordinate < ends[last]!)
      return last;
    const from = this.firstEndingAfter(coordinate);
    if (from === starts.length || starts[from]! > coordinate) return starts.length;
    this.last = from;
    return from;
  }

  /**
   * Calls `visit` for the row of every span that has one and lies in `pages` pages from the coordinate
   * `first` on, with its bytes there; last for what is in no span.
   */
  eachRowWithin(first: number, pages: number, visit: (row: number, bytes: number) => void): void {
    const { starts, ends, rows, names } = this;
    const end = first + pages * PAGE;
    let rest = pages * PAGE;
    for (let span = this.firstEndingAfter(first); span < names.length; span++) {
      if (starts[span]! >= end) break;
      const bytes = Math.min(end, ends[span]!) - Math.max(first, starts[span]!);
      rest -= bytes;
      if (rows[span]! >= 0) visit(rows[span]!, bytes);
    }
    const outside = rows[names.length]!;
    if (outside >= 0) visit(outside, rest);
  }

  private firstEndingAfter(coordinate: number): number {
    const { ends } = this;
    let from = 0;
    let to = ends.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (ends[middle]! <= coordinate) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
