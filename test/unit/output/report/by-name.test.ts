import { runFacts } from '../../../../src/core/compare/run-facts';
import { FixedNames } from '../../../../src/core/columns/stable-names';
import { Rig } from '../../../support/model-kit';
import { input, jsonOf } from '../../../support/report-kit';
import { vma } from '../../../support/vma-kit';

interface Named {
  readonly table: string;
  readonly name: string;
  readonly rows: number;
  readonly faults: number;
  readonly stall_ns: number;
  readonly p50_ns: number;
  readonly p99_ns: number;
}

const PLACES = [0x1000, 0x2000, 0x3000];
/** Of the nth fault of a region, ns: each region has its own. */
const latency = (region: number, n: number): number => 1000 * (1 + region) + 10 * n;
const FAULTS = 200;

/** Three pieces of anonymous memory, which are three rows with one name. */
function reportOf(more: Partial<Parameters<typeof input>[0]> = {}): Record<string, unknown> {
  const rig = new Rig();
  rig.attach(
    100,
    PLACES.map((start) => vma(start, start + FAULTS)),
  );
  for (const [region, start] of PLACES.entries()) {
    for (let n = 0; n < FAULTS; n++) rig.fault({ page: start + n, latency: latency(region, n) });
  }
  rig.run();
  const report = input({ snapshot: rig.model.snapshot(rig.now), ...more });
  return JSON.parse(jsonOf(report)) as Record<string, unknown>;
}

const all = PLACES.flatMap((_, region) =>
  Array.from({ length: FAULTS }, (_, n) => latency(region, n)),
);
all.sort((a, b) => a - b);
const rank = (q: number): number => all[Math.ceil(q * all.length) - 1]!;
/** A percentile is the middle of a bucket: wrong by a 32nd at most. */
const isNear = (ns: number | null, of: number): void => {
  expect(Math.abs(ns! - of)).toBeLessThanOrEqual(of / 32);
};

test('rows of one name, and causes, have percentiles of all their faults', () => {
  const named = reportOf().by_name as readonly Named[];
  const regions = named.filter(({ table }) => table === 'regions');
  const stall = all.reduce((sum, ns) => sum + ns, 0);
  expect(regions).toMatchObject([{ name: '[anon]', rows: 3, faults: 600, stall_ns: stall }]);
  const causes = named.filter(({ table }) => table === 'causes');
  expect(causes.map(({ faults }) => faults)).toEqual([600]);
  for (const { p50_ns: half, p99_ns: most } of [...regions, ...causes]) {
    isNear(half, rank(0.5));
    isNear(most, rank(0.99));
  }
});

test('a comparison goes by them: neither the first row, nor nothing', () => {
  const report = reportOf();
  const region = runFacts('a.json', report, 'region')!.rows.get('[anon]')!;
  isNear(region.p50, rank(0.5));
  isNear(region.p99, rank(0.99));
  const [cause] = runFacts('a.json', report, 'cause')!.rows.values();
  expect(cause).toMatchObject({ faults: 600, stallNs: region.stallNs, p99: region.p99 });
  // Reports of before do not have them.
  const before = runFacts('a.json', { ...report, by_name: undefined }, 'region')!;
  expect(before.rows.get('[anon]')).toEqual({ ...region, p50: null, p99: null });
});

test('where times are not told there is nothing of them', () => {
  expect(reportOf({ fixed: new FixedNames() }).by_name).toEqual([]);
});
