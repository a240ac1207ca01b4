import { rankTest } from './rank-test';
import type { Measure, RunFacts } from './run-facts';

/** By what rows are ordered and judged. */
export const SORTS = ['stall', 'faults'] as const;
export type Sort = (typeof SORTS)[number];

/** Of one quantity, A against B: of the whole runs or, where their durations differ, of one second. */
export interface Change {
  readonly a: number;
  readonly b: number;
  /** B - A. */
  readonly difference: number;
  /** Of A; null where that has none. */
  readonly percent: number | null;
}

export interface ComparedRow {
  readonly name: string;
  readonly presence: 'both' | 'new' | 'gone';
  readonly faults: Change;
  /** ns; null where a report does not say. */
  readonly stall: Change | null;
  readonly p50: readonly [number | null, number | null];
  readonly p99: readonly [number | null, number | null];
  /** Within what chance does: `~`. */
  readonly same: boolean;
  /** Of the quantity that is sorted by, null with fewer than four runs on a side. */
  readonly p: number | null;
}

export interface Comparison {
  readonly a: readonly RunFacts[];
  readonly b: readonly RunFacts[];
  /** By what the rows are ordered: by faults where reports do not say the stall of each. */
  readonly sort: Sort;
  /** What of the total is judged. */
  readonly judged: Sort;
  /** Numbers are of one second. */
  readonly perSecond: boolean;
  readonly total: ComparedRow;
  /** The largest change first. */
  readonly rows: readonly ComparedRow[];
  /** What of the captures differs, in words. */
  readonly differs: readonly string[];
}

/** Durations that differ by no more are the same. */
const SAME_DURATION = 0.05;
/** Runs on each side from which on p can fall below 0.05. */
const ENOUGH_RUNS = 4;
const LEVEL = 0.05;
const NOTHING: Measure = { faults: 0, stallNs: 0, p50: null, p99: null };

/** `a` and `b` have a run at least. Rows are those of RunFacts. */
export function compare(a: readonly RunFacts[], b: readonly RunFacts[], asked: Sort): Comparison {
  const perSecond = differInDuration(a, b);
  const runs = [...a, ...b];
  const known = (measures: Iterable<Measure>): Sort =>
    [...measures].every(({ stallNs }) => stallNs !== null) ? asked : 'faults';
  const sort = known(runs.flatMap(({ rows }) => [...rows.values()]));
  const judged = known(runs.map((run) => run.total));
  const judge = new Judge(a, b, perSecond, sort);
  const names = new Set(runs.flatMap(({ rows }) => [...rows.keys()]));
  const rows = [...names].map((name) => judge.row(name, ({ rows: of }) => of.get(name) ?? null));
  const size = (row: ComparedRow): number => Math.abs(valueOf(row, sort).difference);
  rows.sort((x, y) => size(y) - size(x) || (x.name < y.name ? -1 : 1));
  const total = new Judge(a, b, perSecond, judged).row('TOTAL', (run) => run.total);
  return { a, b, sort, judged, perSecond, total, rows, differs: differences(a, b) };
}

/** B has more than A by over `percent`, and not by chance. */
export function exceeds({ total, judged }: Comparison, percent: number): boolean {
  const { a, difference } = valueOf(total, judged);
  return !total.same && difference > (a * percent) / 100;
}

/** The quantity that is sorted by. */
function valueOf({ faults, stall }: ComparedRow, sort: Sort): Change {
  return sort === 'stall' && stall !== null ? stall : faults;
}

function differInDuration(a: readonly RunFacts[], b: readonly RunFacts[]): boolean {
  const runs = [...a, ...b];
  // What a command does is the same whether it takes longer or not.
  if (runs.every(({ ofCommand }) => ofCommand)) return false;
  const durations = runs.map(({ elapsedNs }) => elapsedNs);
  const longest = Math.max(...durations);
  const shortest = Math.min(...durations);
  return shortest > 0 && longest - shortest > SAME_DURATION * longest;
}

function differences(a: readonly RunFacts[], b: readonly RunFacts[]): string[] {
  const of = (runs: readonly RunFacts[]): Set<string> =>
    new Set(runs.flatMap(({ conditions }) => conditions));
  const [left, right] = [of(a), of(b)];
  const only = (side: string, own: Set<string>, other: Set<string>): string[] =>
    [...own].filter((text) => !other.has(text)).map((text) => `${side} only: ${text}`);
  return [...only('A', left, right), ...only('B', right, left)];
}

/** Makes rows of the runs of both sides. */
class Judge {
  constructor(
    private readonly a: readonly RunFacts[],
    private readonly b: readonly RunFacts[],
    private readonly perSecond: boolean,
    private readonly sort: Sort,
  ) {}

  row(name: string, of: (run: RunFacts) => Measure | null): ComparedRow {
    const found = [this.a.map(of), this.b.map(of)] as const;
    const [inA, inB] = found.map((side) => side.some((measure) => (measure?.faults ?? 0) > 0));
    const stalls = found.flat().every((measure) => measure?.stallNs !== null);
    const faults = this.change(of, ({ faults: count }) => count);
    const stall = stalls ? this.change(of, ({ stallNs }) => stallNs ?? 0) : null;
    const p = this.p(of);
    return {
      name,
      presence: inA === inB ? 'both' : inA === true ? 'gone' : 'new',
      faults,
      stall,
      p50: [medianOf(found[0], 'p50'), medianOf(found[1], 'p50')],
      p99: [medianOf(found[0], 'p99'), medianOf(found[1], 'p99')],
      same: p === null ? this.byChance(faults, stall) : p > LEVEL,
      p,
    };
  }

  private change(of: (run: RunFacts) => Measure | null, value: (m: Measure) => number): Change {
    const side = (runs: readonly RunFacts[]): number =>
      median(runs.map((run) => value(of(run) ?? NOTHING) / this.unit(run)));
    const [a, b] = [side(this.a), side(this.b)];
    return { a, b, difference: b - a, percent: a === 0 ? null : ((b - a) / a) * 100 };
  }

  /** What numbers of a run are divided by. */
  private unit({ elapsedNs }: RunFacts): number {
    return this.perSecond ? elapsedNs / 1e9 : 1;
  }

  /** Seconds of a side, 1 where numbers are of the whole. */
  private seconds(runs: readonly RunFacts[]): number {
    return median(runs.map((run) => this.unit(run)));
  }

  private p(of: (run: RunFacts) => Measure | null): number | null {
    if (Math.min(this.a.length, this.b.length) < ENOUGH_RUNS) return null;
    const values = (runs: readonly RunFacts[]): number[] =>
      runs.map((run) => {
        const { faults, stallNs } = of(run) ?? NOTHING;
        return (this.sort === 'stall' ? (stallNs ?? 0) : faults) / this.unit(run);
      });
    return rankTest(values(this.a), values(this.b));
  }

  /**
   * Counts differ by chance by about the root of their sum: within twice that nothing is claimed. A difference in
   * stall is measured in faults of the mean stall of both.
   */
  private byChance(faults: Change, stall: Change | null): boolean {
    const [ta, tb] = [this.seconds(this.a), this.seconds(this.b)];
    const noise = 2 * Math.sqrt(faults.a / ta + faults.b / tb);
    if (this.sort === 'faults' || stall === null) return Math.abs(faults.difference) <= noise;
    const mean = (stall.a + stall.b) / (faults.a + faults.b || 1);
    return Math.abs(stall.difference) <= noise * mean;
  }
}

function medianOf(side: readonly (Measure | null)[], key: 'p50' | 'p99'): number | null {
  const known = side.map((measure) => measure?.[key] ?? null).filter((value) => value !== null);
  return known.length === 0 ? null : median(known);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((x, y) => x - y);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
