import type { Buffer } from 'node:buffer';
import { Batch, FAULT_CAPACITY, RECORD_CAPACITY } from '../../core/wire/batch';
import { NO_BUFFER } from '../../core/wire/columns';
import type { Column } from '../../core/wire/columns';

/** Kinds of frame that pagefault-replay sends (addon/replay/main.cc). */
export const ReplayFrame = { HEAD: 1, BATCH: 2, END: 3, FACT: 4, BEGIN: 5 } as const;

/** "name value" lines: what a recording says of itself, and what was counted in it. */
export class ReplayFacts {
  private readonly lines: readonly (readonly [string, string])[];

  constructor(text: string) {
    this.lines = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const at = line.indexOf(' ');
        return at < 0 ? ([line, ''] as const) : ([line.slice(0, at), line.slice(at + 1)] as const);
      });
  }

  text(name: string): string {
    return this.all(name)[0] ?? '';
  }

  /** `absent` where it is not there or no number. */
  number(name: string, absent = 0): number {
    const text = this.text(name);
    return /^[0-9]{1,16}$/.test(text) ? Number(text) : absent;
  }

  all(name: string): string[] {
    return this.lines.filter(([key]) => key === name).map(([, value]) => value);
  }
}

const WIDTHS = { f64: 8, u32: 4, u16: 2, u8: 1 } as const;
const LAYOUT = new Batch(NO_BUFFER);
/** Before the first column. */
const HEADER_BYTES = LAYOUT.columns[0]!.offset;
const HORIZON_AT = 16;
const FAULT_COLUMNS = LAYOUT.faultColumns.length;

/**
 * Lays out a frame, the rows in use of each column one behind the other, as a batch in `buffer`. False where it is
 * none: the process that made it has read what a stranger wrote.
 */
export function unpackBatch(frame: Buffer, buffer: ArrayBuffer): boolean {
  if (frame.length < HEADER_BYTES) return false;
  const used = [frame.readUInt32LE(0), frame.readUInt32LE(4), frame.readUInt32LE(8)] as const;
  const [faults, records, names] = used;
  const { columns } = LAYOUT;
  if (faults > FAULT_CAPACITY || records > RECORD_CAPACITY || names > columns.at(-1)!.rows) {
    return false;
  }
  const rows = (i: number): number =>
    i < FAULT_COLUMNS ? faults : i < columns.length - 1 ? records : names;
  const bytes = columns.reduce((sum, column, i) => sum + widthOf(column) * rows(i), HEADER_BYTES);
  if (bytes !== frame.length) return false;
  const to = new Uint8Array(buffer);
  to.set(frame.subarray(0, HEADER_BYTES), 0);
  let at = HEADER_BYTES;
  columns.forEach((column, i) => {
    const length = widthOf(column) * rows(i);
    to.set(frame.subarray(at, at + length), column.offset);
    at += length;
  });
  return true;
}

/** ns up to which a batch and those before it tell everything; of a frame that is none, 0. */
export function horizonOf(frame: Buffer): number {
  return frame.length < HEADER_BYTES ? 0 : frame.readDoubleLE(HORIZON_AT);
}

/** Whether every record of a batch lies among its faults, and its name among the names. */
export function recordsFit(batch: Batch): boolean {
  const { faults, records, nameBytes, recAt, recNameOffset, recNameLength } = batch;
  for (let r = 0; r < records; r++) {
    if (recAt[r]! > faults || recNameOffset[r]! + recNameLength[r]! > nameBytes) return false;
  }
  return true;
}

function widthOf({ type }: Column): number {
  return WIDTHS[type];
}
