import { ComparisonSource } from '../../src/app/comparison-source';
import { Outlets } from '../../src/app/outlets';
import { compare } from '../../src/core/compare/compare';
import type { Comparison } from '../../src/core/compare/compare';
import { COMPARED, runFacts } from '../../src/core/compare/run-facts';
import type { Compared, RunFacts } from '../../src/core/compare/run-facts';
import type { Comparisons } from '../../src/tui/state/source';

/** Faults of 1 us each unless it says more; p99 is ten times the middle. */
interface Row {
  readonly name: string;
  readonly faults: number;
  readonly us?: number;
}

interface Run {
  readonly file: string;
  readonly seconds: number;
  readonly lost?: number;
  readonly limits?: readonly string[];
  readonly regions: readonly Row[];
}

function factsOf({
  file,
  seconds,
  lost = 0,
  limits = [],
  regions,
}: Run): Record<Compared, RunFacts> {
  const row = ({ name, faults, us = 1 }: Row): object => ({
    ...{ label: name, comm: `of ${name}`, function: name, object: '', faults },
    ...{ stall_ns: us * 1000 * faults, p50_ns: us * 500, p99_ns: us * 5000 },
  });
  const faults = regions.reduce((sum, one) => sum + one.faults, 0);
  const report = {
    schema_version: 2,
    target: { kind: 'pid' },
    elapsed_ns: seconds * 1e9,
    filter: null,
    summary: { faults, lost },
    totals: { stall_ns: regions.reduce((sum, one) => sum + 1000 * (one.us ?? 1) * one.faults, 0) },
    capture: { limits },
    causes: { 'demand-zero': faults },
    ...{ regions: regions.map(row), call_sites: regions.map(row), processes: regions.map(row) },
  };
  const facts = COMPARED.map((by) => [by, runFacts(file, report, by)!]);
  return Object.fromEntries(facts) as Record<Compared, RunFacts>;
}

function comparisons(a: readonly Run[], b: readonly Run[]): Comparisons {
  const [left, right] = [a, b].map((runs) => runs.map(factsOf));
  const of = (by: Compared): Comparison =>
    compare(
      left!.map((run) => run[by]),
      right!.map((run) => run[by]),
      'stall',
    );
  return Object.fromEntries(COMPARED.map((by) => [by, of(by)])) as Record<Compared, Comparison>;
}

/** A change that made the heap cheap and a new file dear, and left the rest. */
const BEFORE: Run = {
  file: '/srv/runs/before.json',
  seconds: 60,
  regions: [
    { name: '[heap]', faults: 90_000, us: 2 },
    { name: 'libc.so.6 .text', faults: 400, us: 30 },
    { name: '[stack]', faults: 120 },
    { name: 'old.db', faults: 2_000, us: 80 },
  ],
};
const AFTER: Run = {
  file: '/srv/runs/after.json',
  seconds: 30,
  lost: 17,
  limits: ['no COW: without tracepoints'],
  regions: [
    { name: '[heap]', faults: 4_500 },
    { name: 'libc.so.6 .text', faults: 205, us: 29 },
    { name: '[stack]', faults: 60 },
    { name: 'new.db with a long name, which says much', faults: 31_000, us: 90 },
  ],
};

export function twoRuns(): ComparisonSource {
  return new ComparisonSource(comparisons([BEFORE], [AFTER]), new Outlets());
}

/** Four runs a side, with as many faults as these parts of the two. */
export function eightRuns(): ComparisonSource {
  const four = (run: Run): Run[] =>
    [1, 1.01, 1.02, 1.03].map((part, k) => ({
      ...run,
      file: run.file.replace('.json', `-${k + 1}.json`),
      regions: run.regions.map((row) => ({ ...row, faults: Math.round(row.faults * part) })),
    }));
  return new ComparisonSource(comparisons(four(BEFORE), four(AFTER)), new Outlets());
}
