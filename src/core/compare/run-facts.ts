import { objectOf } from '../text/json-object';
import type { JsonObject } from '../text/json-object';
import { callSiteName, regionName } from './names';

/** What a comparison takes from one JSON report (docs/formats.md). The document may be anybody's. */

/** What is compared. */
export const COMPARED = ['region', 'call-site', 'cause', 'process'] as const;
export type Compared = (typeof COMPARED)[number];

/** Of one row, or of a whole run; null for what the report does not say. */
export interface Measure {
  readonly faults: number;
  readonly stallNs: number | null;
  /** ns. null also where several rows have one name and the report does not say what they have together. */
  readonly p50: number | null;
  readonly p99: number | null;
}

/** One run: its rows by name, never by address or number, which differ from run to run. */
export interface RunFacts {
  readonly file: string;
  readonly elapsedNs: number;
  /** Its target was started by the analyzer: the work is the same however long it takes. */
  readonly ofCommand: boolean;
  readonly lost: number;
  readonly total: Measure;
  readonly rows: ReadonlyMap<string, Measure>;
  /** Folded stacks, with the faults that they stand for. */
  readonly stacks: ReadonlyMap<string, number>;
  /** What of the capture decides what is in it, in words. */
  readonly conditions: readonly string[];
}

const SCHEMA = 2;
/** What is counted is in 64 bits; numbers beyond them would add up to Infinity. */
const MAX_NUMBER = 2 ** 64;

/** null where it is no report that this version can compare. */
export function runFacts(file: string, document: unknown, by: Compared): RunFacts | null {
  const report = objectOf(document);
  if (report === null || report.schema_version !== SCHEMA) return null;
  const summary = objectOf(report.summary);
  const elapsedNs = numberOf(report.elapsed_ns);
  if (summary === null || numberOf(summary.faults) === null) return null;
  const totals = objectOf(report.totals) ?? {};
  return {
    file,
    elapsedNs: Math.round(elapsedNs ?? 0),
    ofCommand: isOfCommand(objectOf(report.target)),
    lost: numberOf(summary.lost) ?? 0,
    total: {
      faults: numberOf(summary.faults)!,
      stallNs: numberOf(totals.stall_ns),
      p50: null,
      p99: null,
    },
    rows: rowsOf(report, by),
    stacks: stacksOf(report),
    conditions: conditionsOf(report),
  };
}

/** Recordings of ours know what was started, too. */
function isOfCommand(target: JsonObject | null): boolean {
  return target?.kind === 'command' || Array.isArray(target?.command);
}

function rowsOf(report: JsonObject, by: Compared): Map<string, Measure> {
  const rows = new Map<string, Measure>();
  if (by === 'cause') {
    for (const [name, faults] of Object.entries(objectOf(report.causes) ?? {})) {
      const count = numberOf(faults) ?? 0;
      if (count > 0) rows.set(name, { faults: count, stallNs: null, p50: null, p99: null });
    }
  } else {
    for (const row of listOf(report[TABLES[by]])) {
      const name = NAMES[by](row);
      const measure = {
        faults: numberOf(row.faults) ?? 0,
        stallNs: numberOf(row.stall_ns),
        ...percentilesOf(row),
      };
      const known = rows.get(name);
      rows.set(name, known === undefined ? measure : sum(known, measure));
    }
  }
  for (const row of listOf(report.by_name)) {
    const known = row.table === TABLES[by] ? rows.get(textOf(row.name)) : undefined;
    if (known === undefined) continue;
    const stallNs = numberOf(row.stall_ns);
    rows.set(textOf(row.name), { faults: known.faults, stallNs, ...percentilesOf(row) });
  }
  return rows;
}

function percentilesOf(row: JsonObject): Pick<Measure, 'p50' | 'p99'> {
  return { p50: numberOf(row.p50_ns), p99: numberOf(row.p99_ns) };
}

const TABLES = {
  region: 'regions',
  'call-site': 'call_sites',
  cause: 'causes',
  process: 'processes',
} as const;

const NAMES: Readonly<Record<Exclude<Compared, 'cause'>, (row: JsonObject) => string>> = {
  region: (row) => regionName(textOf(row.label)),
  'call-site': (row) =>
    callSiteName({
      function: textOf(row.function),
      object: textOf(row.object),
      offset: textOf(row.offset),
      sumsUp: textOf(row.sums_up),
    }),
  process: (row) => textOf(row.comm),
};

function sum(a: Measure, b: Measure): Measure {
  const stallNs = a.stallNs === null || b.stallNs === null ? null : a.stallNs + b.stallNs;
  return { faults: a.faults + b.faults, stallNs, p50: null, p99: null };
}

function stacksOf(report: JsonObject): Map<string, number> {
  const stacks = new Map<string, number>();
  for (const row of listOf(report.stacks)) {
    const frames = Array.isArray(row.frames) ? row.frames.map(textOf) : [];
    const name = [textOf(row.comm).replaceAll(';', ':'), ...frames].join(';');
    stacks.set(name, (stacks.get(name) ?? 0) + (numberOf(row.faults) ?? 0));
  }
  return stacks;
}

function conditionsOf(report: JsonObject): string[] {
  const capture = objectOf(report.capture) ?? {};
  const limits = Array.isArray(capture.limits) ? capture.limits.map(textOf) : [];
  const filter = textOf(report.filter);
  return [...limits, ...(filter === '' ? [] : [`filter ${filter}`])];
}

function listOf(value: unknown): JsonObject[] {
  if (!Array.isArray(value)) return [];
  return value.map(objectOf).filter((row) => row !== null);
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && value >= 0 && value <= MAX_NUMBER ? value : null;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
