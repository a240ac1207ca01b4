/**
 * What is counted for each row, said once: where each number lies, what rows that become one have together,
 * and what a snapshot shows follow from CELLS.
 */
import { CAUSE_COUNT, CLASS_COUNT } from '../classify/classes';

interface CellSpec {
  readonly name: string;
  /** Numbers side by side; one without it. */
  readonly width?: number;
  /** What rows that become one have together; `none`: what the row has that the others are added to. */
  readonly merge: 'sum' | 'max' | 'none';
  /** Rows of a snapshot have it, under its name. */
  readonly shown?: true;
  /** It is of the last tick: 0 in a row that rests. */
  readonly perTick?: true;
}

/**
 * The cells of a row of counters in the order in which they lie: first those that every fault changes, so that
 * it touches few cache lines; beside them those by which tables are sorted, and what every tick reads.
 */
const CELLS = [
  /** In the order of CLASS_NAMES. */
  { name: 'byClass', width: CLASS_COUNT, merge: 'sum', shown: true },
  /** In the order of CAUSE_NAMES. */
  { name: 'byCause', width: CAUSE_COUNT, merge: 'sum', shown: true },
  /** ns in faults that have ended, in the order of CAUSE_NAMES. */
  { name: 'causeNs', width: CAUSE_COUNT, merge: 'sum', shown: true },
  /** Pages that faulted for the first time. */
  { name: 'uniquePages', merge: 'sum', shown: true },
  /** Of the MINOR ones those that may be COW: the mapping was not known, and a write may have been a copy. */
  { name: 'undecided', merge: 'sum', shown: true },
  /** The longest latency, ns. */
  { name: 'maxNs', merge: 'max', shown: true },
  /** When the last fault ended, ns since the session's start. */
  { name: 'lastTime', merge: 'max', shown: true },
  /** Faults with a latency. */
  { name: 'timed', merge: 'sum' },
  /** Time in faults, ns; that of faults in flight too, as far as it has passed. */
  { name: 'stallNs', merge: 'sum', shown: true },
  /** Threads that stood in faults, on average over the last tick: at most 1 for one thread. */
  { name: 'stalled', merge: 'sum', shown: true, perTick: true },
  /** Time in faults, and faults by class, at the last tick. */
  { name: 'tickedStallNs', merge: 'sum' },
  { name: 'tickedByClass', width: CLASS_COUNT, merge: 'sum' },
  /** Faults per second over the last tick. */
  { name: 'rate', merge: 'sum', shown: true, perTick: true },
  { name: 'classRate', width: CLASS_COUNT, merge: 'sum', shown: true, perTick: true },
  /** The percentiles last asked for, and the `timed` that they belong to: most rows rest between snapshots. */
  { name: 'percentilesTimed', merge: 'none' },
  { name: 'p50Ns', merge: 'none' },
  { name: 'p90Ns', merge: 'none' },
  { name: 'p99Ns', merge: 'none' },
] as const satisfies readonly CellSpec[];

type Spec = (typeof CELLS)[number];
type Shown = Extract<Spec, { readonly shown: true }>;
type ShownListSpec = Extract<Shown, { readonly width: number }>;
type ShownNumberSpec = Exclude<Shown, ShownListSpec>;
type ShownList = ShownListSpec['name'];
type ShownNumber = ShownNumberSpec['name'];

/** The counted part of a snapshot's row. */
export type Counted = Readonly<Record<ShownNumber, number> & Record<ShownList, readonly number[]>>;
/** The same to be filled in. */
export type CountedRow = Record<ShownNumber, number> & Record<ShownList, number[]>;

const { starts, merges } = layOut(CELLS);
/** Where each cell begins within a row. Loops per fault take it into locals first. */
export const Cell: Readonly<Record<Spec['name'], number>> = starts;
/** Numbers of a row. */
export const STRIDE = merges.length;

const PER_TICK = CELLS.flatMap((spec) => {
  if (!('perTick' in spec)) return [];
  const width = 'width' in spec ? spec.width : 1;
  return Array.from({ length: width }, (_, k) => Cell[spec.name] + k);
});
const SHOWN = CELLS.filter((spec): spec is Shown => 'shown' in spec);
const LISTS = SHOWN.filter((spec) => 'width' in spec).map((spec) => ({
  ...spec,
  start: Cell[spec.name],
}));
const NUMBERS = SHOWN.filter((spec): spec is ShownNumberSpec => !('width' in spec)).map((spec) => ({
  ...spec,
  start: Cell[spec.name],
}));

function layOut(specs: readonly CellSpec[]): {
  readonly starts: Record<Spec['name'], number>;
  readonly merges: readonly CellSpec['merge'][];
} {
  const laid: CellSpec['merge'][] = [];
  const begins = specs.map(({ name, width = 1, merge }) => {
    const start = laid.length;
    for (let k = 0; k < width; k++) laid.push(merge);
    return [name, start];
  });
  return { starts: Object.fromEntries(begins) as Record<Spec['name'], number>, merges: laid };
}

/** Adds the row that begins at `from` to the one that begins at `into`. */
export function foldCells(cells: Float64Array, from: number, into: number): void {
  for (let k = 0; k < STRIDE; k++) {
    const a = cells[from + k]!;
    const b = cells[into + k]!;
    if (merges[k] === 'sum') cells[into + k] = a + b;
    else if (merges[k] === 'max') cells[into + k] = Math.max(a, b);
  }
}

const { byClass, stallNs, tickedByClass, tickedStallNs, rate, classRate, stalled } = Cell;

/** Faults of the row that begins at `at`. */
export function faultsAt(cells: Float64Array, at: number): number {
  let faults = 0;
  for (let c = 0; c < CLASS_COUNT; c++) faults += cells[at + byClass + c]!;
  return faults;
}

/** What a tick has found in a row. Filled in: a tick samples thousands of rows. */
export interface Ticked {
  /** Since the last tick. */
  faults: number;
  /** Something that is per tick is another than before. */
  differs: boolean;
  /** All that is per tick is 0, and another tick would find nothing else as long as nothing is counted. */
  rests: boolean;
}

/** Samples what is per tick of the row that begins at `at`; see Counters.tick for the two spans of time. */
export function tickCells(
  cells: Float64Array,
  at: number,
  elapsed: number,
  accounted: number,
  ticked: Ticked,
): void {
  let faults = 0;
  let differs = false;
  let rests = true;
  for (let c = 0; c < CLASS_COUNT; c++) {
    const now = cells[at + byClass + c]!;
    const more = now - cells[at + tickedByClass + c]!;
    const own = elapsed > 0 ? (more * 1e9) / elapsed : 0;
    cells[at + tickedByClass + c] = now;
    differs ||= cells[at + classRate + c] !== own;
    rests &&= own === 0;
    cells[at + classRate + c] = own;
    faults += more;
  }
  const all = elapsed > 0 ? (faults * 1e9) / elapsed : 0;
  const stalls = stallsOf(cells, at, elapsed, accounted);
  ticked.faults = faults;
  ticked.differs = differs || cells[at + rate] !== all || cells[at + stalled] !== stalls;
  ticked.rests = rests && stalls === 0 && cells[at + stallNs] === cells[at + tickedStallNs];
  cells[at + rate] = all;
  cells[at + stalled] = stalls;
}

/** Threads that stood in faults in this tick, on average. */
function stallsOf(cells: Float64Array, at: number, elapsed: number, accounted: number): number {
  if (accounted <= 0) return elapsed === 0 ? 0 : cells[at + stalled]!;
  const now = cells[at + stallNs]!;
  // Below 0 where a fault in flight was counted in the row of what its page was before.
  const waited = Math.max(0, now - cells[at + tickedStallNs]!);
  cells[at + tickedStallNs] = now;
  return waited / accounted;
}

/** Of the faults of the row that begins at `at`, n more of a class and of `ns` (-1: not known) were there at the last tick. */
export function shiftTicked(
  cells: Float64Array,
  at: number,
  faultClass: number,
  ns: number,
  n: number,
): void {
  cells[at + tickedByClass + faultClass]! += n;
  if (ns >= 0) cells[at + tickedStallNs]! += n * ns;
}

/** Of a row that rests. */
export function restCells(cells: Float64Array, at: number): void {
  for (const start of PER_TICK) cells[at + start] = 0;
}

/** Fills in what a snapshot shows of the row that begins at `at`; its lists have their full length. */
export function readCells(cells: Float64Array, at: number, row: CountedRow): void {
  for (const { name, start } of NUMBERS) row[name] = cells[at + start]!;
  for (const { name, start, width } of LISTS) {
    const list = row[name];
    for (let k = 0; k < width; k++) list[k] = cells[at + start + k]!;
  }
}

/** What rows of a snapshot have counted together. */
export function mergeCounted(rows: readonly Counted[]): Counted {
  const numbers = NUMBERS.map(({ name, merge }) => [
    name,
    rows.reduce((n, row) => (merge === 'sum' ? n + row[name] : Math.max(n, row[name])), 0),
  ]);
  const lists = LISTS.map(({ name, width }) => [
    name,
    Array.from({ length: width }, (_, k) => rows.reduce((n, row) => n + row[name][k]!, 0)),
  ]);
  return Object.fromEntries([...numbers, ...lists]) as Counted;
}
