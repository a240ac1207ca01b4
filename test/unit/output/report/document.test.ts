import { WORDS } from '../../../../src/core/columns/words';
import { FixedNames } from '../../../../src/core/columns/stable-names';
import type { Snapshot } from '../../../../src/core/snapshot/snapshot';
import { reportText } from '../../../../src/output/report/text';
import { summaryLine } from '../../../../src/output/report/summary';
import {
  jsonOf,
  stats,
  region,
  thread,
  process,
  FACTS,
  input,
  parsed,
} from '../../../support/report-kit';
import * as sample from '../../../support/sample';

test('the documented summary line', () => {
  const counts = { major: 12, minor: 542, cow: 3, error: 0, lost: 0 };
  expect(summaryLine(counts)).toBe('Summary: major=12 minor=542 cow=3');
  expect(summaryLine({ ...counts, error: 2 })).toBe('Summary: major=12 minor=542 cow=3 error=2');
  expect(summaryLine({ ...counts, error: 1, lost: 9 })).toBe(
    'Summary: major=12 minor=542 cow=3 error=1 lost=9',
  );
  expect(summaryLine({ ...counts, lost: 9 })).toBe('Summary: major=12 minor=542 cow=3 lost=9');
});

test('JSON: one versioned document on one line', () => {
  const text = jsonOf(input());
  expect(text.indexOf('\n')).toBe(text.length - 1);
  const report = parsed(text);
  expect(report).toMatchObject({
    schema_version: 2,
    tool: { name: 'pagefault-analyzer', version: '1.2.3' },
    target: { command: null, pids: [500] },
    elapsed_ns: 2e9,
    summary: { faults: 13, major: 3, minor: 9, cow: 0, error: 1, lost: 0 },
    completeness: { captured: 57_233, lost: 0, kernel: 57_233, difference: 0, comparable: true },
    capture: { entry_source: 'tracepoint', limits: [] },
    causes: { 'file-read': 3, 'page-cache': 9, unresolved: 1, 'demand-zero': 0 },
  });
  expect(report.regions).toHaveLength(2);
  expect(report.regions[0]).toMatchObject({
    label: 'libc.so.6 .text',
    region: 'libc.so.6',
    section: '.text',
    file: '/lib/libc.so.6',
    kind: 'file',
    permissions: 'r-xp',
    major: 3,
    minor: 0,
    faults: 3,
    p99_ns: 1500,
    start: '0x400000',
    end: '0x401000',
    causes: { 'file-read': 3 },
  });
  expect(report.regions[1]).toMatchObject({ label: '[heap]', section: null, file: null });
  expect(report.threads[0]).toMatchObject({ tid: 500, pid: 500, comm: 'prog', faults: 13 });
  expect(report.latency[0]!.buckets[0]).toEqual({ low_ns: 524_288, high_ns: 524_388, count: 1 });
  // Not measured is null: JSON has no NaN.
  expect(report.latency[1]!.p50_ns).toBeNull();
});

test('JSON: what is told of code, stacks, findings and makers has the fields that are documented', () => {
  const frames = ['main', 'load'];
  const stacks = [{ comm: 'prog', frames, faults: 9, stallNs: 1e9, sampled: 3 }];
  const heap = region(
    7,
    '[heap]',
    { kind: 'heap' },
    stats(7, { MINOR: 9 }, { 'demand-zero': 9 }, 1e9),
  );
  const text = jsonOf(
    input(
      {},
      {
        totals: heap,
        regions: [heap],
        sites: [
          sample.site({
            ...stats(3, { MINOR: 9 }, { 'demand-zero': 9 }, 1e9),
            label: 'load',
            function: 'load',
            file: 'index.cc',
            line: 118,
            path: '/usr/bin/index',
            offset: '0x1a2b',
          }),
        ],
        siteRegions: () => [{ id: 7, label: '[heap]', faults: 9 }],
        mappedBy: (id) => (id === 7 ? frames : []),
        stacks: () => stacks,
        siteStacks: (id) => (id === 3 ? stacks : []),
      },
    ),
  );
  const report = JSON.parse(text) as Record<string, readonly Record<string, unknown>[]>;
  expect(report.regions![0]).toMatchObject({ label: '[heap]', mapped_by: frames });
  expect(report.call_sites).toHaveLength(1);
  expect(report.call_sites![0]).toMatchObject({
    ...{ function: 'load', source_file: 'index.cc', source_line: 118 },
    ...{ object: '/usr/bin/index', offset: '0x1a2b' },
    ...{ major: 0, minor: 9, cow: 0, error: 0, faults: 9 },
    ...{ stall_ns: 1e9, p50_ns: 1500, p99_ns: 1500 },
    regions: [{ label: '[heap]', faults: 9 }],
  });
  expect(report.stacks).toEqual([
    { comm: 'prog', frames, faults: 9, stall_ns: 1e9, sampled: 3, weight: 3 },
  ]);
  expect(report.findings).toMatchObject([
    {
      id: 'first-touch',
      text: expect.stringContaining(
        'in [heap] (mapped by main;load), by load, called by main; ',
      ) as string,
      figures: { faults: 9, stall_ns: 1e9, stall_share: 0.5 },
      regions: ['[heap]'],
      call_sites: ['load'],
      called_by: ['main'],
      mapped_by: frames,
    },
  ]);
});

test('JSON: names keep their bytes, escaped', () => {
  const text = jsonOf(
    input({}, { regions: [region(1, 'x\x9b\x7f\u2028\u202e', {}, stats(1, { MINOR: 1 }))] }),
  );
  expect(text).toContain('x\\u009b\\u007f\\u2028\\u202e');
  expect(parsed(text).regions[0]!.label).toBe('x\x9b\x7f\u2028\u202e');
});

test('--fixed-ts: two runs with other times, ids and costs give the same reports', () => {
  const run = (base: number, factor: number): string[] => {
    const total = stats(0, { MINOR: 4 }, { 'demand-zero': 4 }, 1e6 * factor);
    const shot: Partial<Snapshot> = {
      elapsed: 1e9 * factor,
      totals: total,
      regions: [
        region(1, `[stack:${base + 1}]`, { pid: base }, stats(1, { MINOR: 2 }, {}, 1e5 * factor)),
        region(2, '[heap]', { pid: base }, stats(2, { MINOR: 2 }, {}, 1e6 / factor)),
      ],
      threads: [thread(base, stats(1, { MINOR: 2 })), thread(base + 1, stats(2, { MINOR: 2 }))],
      processes: [{ ...process(base, total), ppid: base - 1 }],
    };
    const fixed = new FixedNames();
    const capture = { ...FACTS, records: { ...FACTS.records, foreign: base, late: factor } };
    const made = input({ fixed, capture, target: { command: ['x'], pids: [] } }, shot);
    return [reportText(made), jsonOf(made)];
  };
  expect(run(1000, 1)).toEqual(run(77_000, 40));
  expect(run(1000, 1)[0]).toContain('[stack:');
});

const explained = new Set<string>(WORDS.flatMap(({ words }) => words.map(({ title }) => title)));

/** Titles of the head (`Target      ...`), of sections, and of the columns below them. */
function titlesOf(report: string): string[] {
  const lines = report.split('\n');
  return lines.flatMap((line, k) => {
    const head = /^(\S+(?: \S+)?) {2,}\S/.exec(line)?.[1];
    if (head !== undefined) return [head];
    if (k === 0 || lines[k - 1] !== '' || line === '') return [];
    const section = line.replace(/^(Latency of) (?:MAJOR|MINOR|COW|ERROR)$/, '$1');
    const columns = lines[k + 1]!.trim().split(/ {2,}/);
    const isHeading = columns.length > 1 && /^[A-Z]/.test(columns[0]!);
    return [section, ...(isHeading ? columns : [])];
  });
}

test('every title of a report is explained', () => {
  const asked = { low: 1, high: 2, gone: 0 };
  const rich = reportText(
    input(
      {
        by: 'user',
        filter: 'libc',
        beyond: asked,
        target: { command: null, pids: [500, 501] },
        capture: { ...FACTS, inFlight: 2, inFlightNs: 5e6 },
      },
      {
        processes: [process(500, stats(500, { MAJOR: 3 })), process(501, stats(501, { MINOR: 9 }))],
        sites: [sample.site({ id: 4, label: 'main', byClass: [0, 9, 0, 0] })],
        stacks: () => [{ comm: 'db', frames: ['main'], faults: 9, stallNs: 1e6, sampled: 9 }],
        mappedBy: () => ['malloc', 'main'],
      },
    ),
  );
  const titles = titlesOf(rich);
  expect(titles).toEqual(
    expect.arrayContaining(['Target', 'Filter', 'In flight', 'Regions', 'Call sites', 'Stacks']),
  );
  expect(titles).toEqual(expect.arrayContaining(['MAPPED BY', 'Users', 'Causes', 'Latency of']));
  expect(titles.filter((title) => !explained.has(title))).toEqual([]);
});
