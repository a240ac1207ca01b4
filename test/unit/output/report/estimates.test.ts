import { TableLog } from '../../../../src/output/intervals/table-log';
import { exportCsv, exportJson, rowTable } from '../../../../src/core/columns/table-export';
import { causeTable } from '../../../../src/core/columns/cause-rows';
import {
  knownColumns,
  PROCESS_COLUMNS,
  REGION_COLUMNS,
} from '../../../../src/core/columns/row-columns';
import { FACTS, input, jsonOf, process, region, stats } from '../../../support/report-kit';
import type { StatRow } from '../../../../src/core/snapshot/snapshot';

const { causeFacts } = input().snapshot;
const SAMPLED = { ...FACTS, mode: { ...FACTS.mode, every: 64 } };
const FILTERED = { ...FACTS, mode: { ...SAMPLED.mode, filtered: true } };

/** A row with faults of a sample: which pages those hit is not known. */
const sampled = (id: number): StatRow => ({
  ...stats(id, { MAJOR: 1, MINOR: 640 }, { 'file-read': 1, 'page-cache': 640 }, 1e6),
  uniquePages: NaN,
  refaults: NaN,
});
const exact = (id: number): StatRow => stats(id, { MAJOR: 3 }, { 'file-read': 3 }, 4e6);

interface Estimated {
  readonly estimates?: readonly string[];
  readonly [key: string]: unknown;
}
interface Report extends Estimated {
  readonly summary: Estimated;
  readonly totals: Estimated;
  readonly regions: readonly Estimated[];
  readonly processes: readonly Estimated[];
  readonly latency: readonly Estimated[];
}

function reportOf(capture: typeof FACTS): Report {
  const snapshot = {
    totals: sampled(0),
    regions: [region(7, '[heap]', {}, sampled(7)), region(8, 'libc.so.6', {}, exact(8))],
    processes: [process(500, sampled(1))],
  };
  return JSON.parse(jsonOf(input({ capture }, snapshot))) as Report;
}

const numbers = ['minor', 'cow', 'p50_ns', 'stall_ns', 'stall_now', 'max_ns'];

test('JSON: each row of a sampled run says which of its numbers are estimates', () => {
  const { summary, totals, regions, processes, latency, estimates } = reportOf(SAMPLED);
  const of = (label: string): Estimated => regions.find((row) => row.label === label)!;
  const heap = of('[heap]').estimates;
  expect(heap).toEqual(expect.arrayContaining([...numbers, 'faults', 'rate', 'causes']));
  for (const key of ['major', 'error', 'size', 'members', 'unique_pages', 'start']) {
    expect(heap).not.toContain(key);
  }
  // Whatever is named is there.
  for (const key of heap!) expect(of('[heap]')[key]).toBeDefined();
  // All of its faults were captured.
  expect(of('libc.so.6').estimates).toEqual([]);
  expect(processes[0]!.estimates).toEqual(
    expect.arrayContaining([...numbers, 'causes', 'call_sites', 'minor_or_cow']),
  );
  expect(processes[0]!.estimates).not.toContain('faults');
  expect(summary.estimates).toEqual(['minor', 'cow']);
  expect(totals.estimates).toContain('stall_ns');
  expect(estimates).toEqual(['causes', 'findings']);
  const ofClass = (name: string): Estimated => latency.find((row) => row.class === name)!;
  expect(ofClass('MAJOR').estimates).toEqual([]);
  expect(ofClass('COW').estimates).toContain('p99_ns');
});

test('where a filter counts not every sampled fault no sum is exact', () => {
  const { summary, processes } = reportOf(FILTERED);
  expect(summary.estimates).toEqual(['faults', 'minor', 'cow']);
  expect(processes[0]!.estimates).toEqual(expect.arrayContaining(['faults', 'rate']));
  const row = process(500, sampled(1));
  const shown = ({ mode }: typeof FACTS): string =>
    knownColumns(PROCESS_COLUMNS, mode)
      .find(({ id }) => id === 'faults')!
      .format(row);
  expect([shown(SAMPLED), shown(FILTERED)]).toEqual(['641', '~641']);
});

test('without sampling nothing is said of estimates', () => {
  expect(JSON.stringify(reportOf(FACTS))).not.toContain('estimates');
});

test('tables that are written say it in their last column', () => {
  const columns = knownColumns(REGION_COLUMNS, SAMPLED.mode);
  const rows = [region(7, '[heap]', {}, sampled(7)), region(8, 'libc.so.6', {}, exact(8))];
  const table = rowTable('regions', columns, rows);
  const [header, first, second] = exportCsv([table]).split('\r\n');
  expect(header).toMatch(/,estimates$/);
  expect(first).toMatch(/,stall_now;rate;minor;cow;faults;[a-z0-9_;]+$/);
  expect(second).toMatch(/,$/);
  const causes = causeTable(rows, causeFacts);
  const document = JSON.parse(exportJson([table, causes], {})) as {
    readonly rows: readonly Estimated[];
    readonly causes: readonly Estimated[];
  };
  expect(document.rows[0]!.estimates).toContain('p99_ns');
  expect(document.rows[1]!.estimates).toEqual([]);
  expect(document.causes[0]!.estimates).toContain('faults');
  expect(causeTable([exact(8)], causeFacts).columns).not.toContain('estimates');
});

test('NDJSON of an interval has it before the version', () => {
  const log = new TableLog('ndjson', null, '');
  const totals = sampled(0);
  const processes = [{ ...process(500, sampled(1)), rate: 1 }];
  const line = log.table({ timeMs: 0, now: 1e9, totals, processes, capture: SAMPLED });
  const row = JSON.parse(line) as Estimated;
  expect(Object.keys(row).slice(-2)).toEqual(['estimates', 'v']);
  expect(row.estimates).toContain('minor');
});
