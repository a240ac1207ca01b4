import { CAUSE_NAMES, CLASS_NAMES } from '../../../../src/core/classify/classes';
import type { CauseName, ClassName } from '../../../../src/core/classify/classes';
import { completeness } from '../../../../src/core/facts/capture-facts';
import { grouped, stalledCell } from '../../../../src/core/text/format';
import { WORDS } from '../../../../src/core/columns/words';
import { FixedNames } from '../../../../src/core/columns/stable-names';
import type {
  ProcessRow,
  RegionRow,
  Snapshot,
  StatRow,
  ThreadRow,
} from '../../../../src/core/snapshot/snapshot';
import { reportJson } from '../../../../src/output/report/json';
import { reportText } from '../../../../src/output/report/text';
import type { ReportInput } from '../../../../src/output/report/report';
import { summaryLine } from '../../../../src/output/report/summary';
import { captureFacts } from '../../../support/facts';
import * as sample from '../../../support/sample';

/** The pieces put together. */
const jsonOf = (report: ReportInput): string => [...reportJson(report)].join('');

function stats(
  id: number,
  classes: Partial<Record<ClassName, number>>,
  causes: Partial<Record<CauseName, number>> = {},
  stallNs = 0,
): StatRow {
  const byClass = CLASS_NAMES.map((name) => classes[name] ?? 0);
  const faults = byClass.reduce((a, b) => a + b, 0);
  const percentile = stallNs === 0 ? NaN : 1500;
  return sample.stat({
    id,
    byClass,
    byCause: CAUSE_NAMES.map((name) => causes[name] ?? 0),
    uniquePages: faults,
    undecided: 0,
    stallNs,
    maxNs: stallNs,
    p50Ns: percentile,
    p90Ns: percentile,
    p99Ns: percentile,
    stallShare: stallNs / 2e9,
  });
}

function region(id: number, label: string, more: Partial<RegionRow>, from: StatRow): RegionRow {
  const place = {
    kind: 'file',
    permissions: 'r-xp',
    size: 4096,
    startPage: 0x400,
    endPage: 0x401,
  } as const;
  return sample.region({ ...from, id, label, pid: 500, ...place, ...more });
}

const thread = (tid: number, from: StatRow): ThreadRow => sample.thread({ ...from, tid, pid: 500 });

const process = (pid: number, from: StatRow): ProcessRow =>
  sample.process({ ...from, pid, worstThreadShare: 0.5, worstTid: pid });

const FACTS = captureFacts(57_230, 3, 1);

function input(more: Partial<ReportInput> = {}, snapshot: Partial<Snapshot> = {}): ReportInput {
  const total = stats(
    0,
    { MAJOR: 3, MINOR: 9, ERROR: 1 },
    { 'file-read': 3, 'page-cache': 9, unresolved: 1 },
    5e6,
  );
  return {
    version: '1.2.3',
    target: { command: null, pids: [500] },
    summary: { major: 3, minor: 9, cow: 0, error: 1, lost: 0 },
    capture: FACTS,
    beyond: { low: 33, high: 33, gone: 0 },
    by: null,
    filter: '',
    fixed: null,
    snapshot: sample.snapshot({
      now: 2e9,
      elapsed: 2e9,
      totals: total,
      regions: [
        region(
          7,
          '[heap]',
          { kind: 'heap', permissions: 'rw-p' },
          stats(7, { MINOR: 9 }, { 'page-cache': 9 }, 1e6),
        ),
        region(
          8,
          'libc.so.6 .text',
          { section: '.text', path: '/lib/libc.so.6' },
          stats(8, { MAJOR: 3 }, { 'file-read': 3 }, 4e6),
        ),
        region(9, 'untouched', {}, stats(9, {})),
      ],
      threads: [thread(500, total)],
      processes: [process(500, total)],
      latency: [
        {
          faultClass: 'MAJOR',
          count: 3,
          totalNs: 4e6,
          maxNs: 2e6,
          p50Ns: 1e6,
          p90Ns: 2e6,
          p99Ns: 2e6,
          p999Ns: 2e6,
          buckets: [
            { lowNs: 1 << 19, highNs: (1 << 19) + 100, count: 1 },
            { lowNs: (1 << 19) + 100, highNs: 1 << 20, count: 1 },
            { lowNs: 1 << 21, highNs: 1 << 22, count: 1 },
          ],
        },
        sample.snapshot().latency[CLASS_NAMES.indexOf('COW')]!,
      ],
      ...snapshot,
    }),
    ...more,
  };
}

/** What the tests look into; the rest is compared as a whole. */
interface ParsedReport {
  readonly regions: readonly Record<string, unknown>[];
  readonly threads: readonly Record<string, unknown>[];
  readonly latency: readonly { readonly p50_ns: number | null; readonly buckets: unknown[] }[];
}

const parsed = (text: string): ParsedReport => JSON.parse(text) as ParsedReport;

test('the documented summary line', () => {
  const counts = { major: 12, minor: 542, cow: 3, error: 0, lost: 0 };
  expect(summaryLine(counts)).toBe('Summary: major=12 minor=542 cow=3');
  expect(summaryLine({ ...counts, error: 2 })).toBe('Summary: major=12 minor=542 cow=3 error=2');
  expect(summaryLine({ ...counts, error: 1, lost: 9 })).toBe(
    'Summary: major=12 minor=542 cow=3 error=1 lost=9',
  );
  expect(summaryLine({ ...counts, lost: 9 })).toBe('Summary: major=12 minor=542 cow=3 lost=9');
});

test('text: the costliest region first, without those that had no fault', () => {
  const lines = reportText(input()).split('\n');
  const at = lines.indexOf('Regions');
  expect(lines[at + 1]).toMatch(/^ {2}REGION +START +KIND +PERM +SIZE +MAJ +MIN +COW +ALL +PAGES/);
  expect(lines[at + 2]).toMatch(/^ {2}libc\.so\.6 \.text +file +r-xp +4\.0K +3 +0 +0 +3 /);
  expect(lines[at + 3]).toMatch(/^ {2}\[heap\] +400000 +heap +rw-p +4\.0K +0 +9 +0 +9 /);
  expect(lines[at + 4]).toBe('');
});

test('text: the completeness line says captured, lost, the kernel and the difference', () => {
  expect(reportText(input())).toContain(
    "captured 57,233 + lost 0 of the kernel's 57,233 (difference 0)",
  );
  const lossy = {
    ...FACTS,
    received: { minor: 57_000, major: 3, unresolved: 0 },
    lost: { ring: 200, mailbox: 20, exact: true },
    records: {
      ...FACTS.records,
      mailboxMinor: 20,
      borrowedStamps: 1400,
      cutOff: 1,
      vsyscalls: 2000,
    },
  };
  const text = reportText(input({ capture: lossy }));
  expect(text).toContain('1,400 faults with the time stamp of another perf session');
  expect(text).toContain('2,000 calls through [vsyscall]');
  expect(text).toContain('capture was switched off in the middle of 1 more');
  expect(text).toContain("captured 57,003 + lost 220 of the kernel's 57,233 (difference 10)");
  expect(text).toMatch(/200 faults lost by the kernel.*-m/);
  expect(text).toMatch(/20 faults lost because output was too slow/);
});

test('what programs in the kernel had no room for is a number, in text and JSON', () => {
  const records = { ...FACTS.records, lostErrors: 7, notKept: 1234 };
  const report = input({ capture: { ...FACTS, records } });
  const text = reportText(report);
  expect(text).toMatch(/\b7 ERRORs more were lost by the kernel/);
  expect(text).toMatch(/no room: met 1,234 times; their faults are missing/);
  const { capture } = JSON.parse(jsonOf(report)) as { capture: { records: object } };
  expect(capture.records).toMatchObject({ lost_errors: 7, not_kept: 1234 });
  expect(reportText(input())).not.toMatch(/ERRORs more|no room/);
});

test('what was not watched is a number, in text and JSON', () => {
  const records = { ...FACTS.records, unwatchedCpus: 3, credentialsLost: 41, memorySharers: 2 };
  const report = input({ capture: { ...FACTS, records } });
  const text = reportText(report);
  expect(text).toContain('CPUs not watched: 3; faults taken there are missing');
  expect(text).toMatch(/set-user-ID programs .*: 41; their faults are missing/);
  expect(text).toContain('(CLONE_VM): 2');
  const { completeness } = JSON.parse(jsonOf(report)) as { completeness: object };
  expect(completeness).toMatchObject({
    cpus_not_watched: 3,
    credentials_changed: 41,
    memory_sharing_processes: 2,
  });
  expect(reportText(input())).not.toMatch(/not watched|set-user-ID|CLONE_VM/);
});

test('rows that stand for several say so, with the reason, in text and JSON', () => {
  const why = 'regions beyond a cap: more than 8192, of more than 2048 names';
  const others = region(
    9,
    '[others]',
    { members: 12, sumsUp: why, pid: 0 },
    stats(9, { MINOR: 9 }, {}, 5),
  );
  const report = input({}, { regions: [others], caps: [] });
  const text = reportText(report);
  expect(text).toMatch(/\n {2}\[others\] x12 .*\n {2}\[others\] x12: regions beyond a cap: /);
  expect(parsed(jsonOf(report)).regions).toMatchObject([
    { label: '[others]', members: 12, sums_up: why },
  ]);
  expect(parsed(jsonOf(report)).threads).toMatchObject([{ members: 1, sums_up: null }]);
});

test('COW is not known, rather than 0, where the kernel gives no error codes', () => {
  const capture = { ...FACTS, mode: { ...FACTS.mode, entrySource: 'software' as const } };
  const text = reportText(input({ capture }));
  expect(text).toMatch(/ COW .*\n.* n\/a /);
  const document = parsed(jsonOf(input({ capture })));
  expect(document).toMatchObject({ summary: { major: 3, minor: 9, cow: null } });
  expect(document.regions.map((row) => row.cow)).toEqual([null, null]);
  expect(document.latency).toHaveLength(1);
  expect(parsed(jsonOf(input()))).toMatchObject({ summary: { cow: 0 } });
});

test('text: ERR is shown where there are errors, and where they were asked for', () => {
  const noErrors = { ...input().summary, error: 0 };
  expect(reportText(input({ summary: noErrors }))).not.toMatch(/REGION.* ERR /);
  expect(reportText(input({ summary: noErrors, filter: 'class:error' }))).toMatch(/REGION.* ERR /);
});

test('faults that the kernel counted beyond those it reported are a number, or said to be unknown', () => {
  expect(reportText(input())).toContain('Beyond      33 more in /proc/PID/stat');
  const range = { low: 4, high: 1200, gone: 0 };
  expect(reportText(input({ beyond: range }))).toContain('Beyond      4 to 1,200 more');
  const least = { low: 4, high: null, gone: 2 };
  expect(reportText(input({ beyond: least }))).toMatch(/Beyond +at least 4 more .*; 2 processes/);
  expect(reportText(input({ beyond: null }))).toContain('Beyond      not known how many more');
  expect(JSON.parse(jsonOf(input({ beyond: least })))).toMatchObject({
    completeness: { beyond: { at_least: 4, at_most: null, processes_gone: 2 } },
  });
  expect(JSON.parse(jsonOf(input({ beyond: null })))).toMatchObject({
    completeness: { beyond: null },
  });
});

test('text: many stacks of threads are one row', () => {
  const stacks = (n: number) =>
    Array.from({ length: n }, (_, k) =>
      region(k + 1, `[stack:${600 + k}]`, { kind: 'stack' }, stats(k + 1, { MINOR: 2 }, {}, 10)),
    );
  const lines = reportText(input({}, { regions: stacks(40) })).split('\n');
  const rows = lines.filter((line) => line.startsWith('  [stack'));
  expect(rows).toHaveLength(2);
  expect(rows[0]).toMatch(/^ {2}\[stack\] x40 .* 80 /);
  expect(reportText(input({}, { regions: stacks(4) }))).toContain('[stack:603]');
  expect(parsed(jsonOf(input({}, { regions: stacks(40) }))).regions).toHaveLength(40);
});

test('text: memory without a name that the same functions have mapped is one row', () => {
  const anon = (id: number, pid: number, maker: string): RegionRow =>
    region(id, '[anon]', { kind: 'anon', pid, maker }, stats(id, { MINOR: 2 }, {}, 10));
  const regions = [1, 2, 3].map((id) => anon(id, 500, 'load;mmap')).concat(anon(4, 500, ''));
  const mappedBy = (id: number): string[] => (id === 4 ? [] : ['main', 'load', 'mmap']);
  const rowsOf = (made: ReportInput): string[] =>
    reportText(made)
      .split('\n')
      .filter((line) => line.startsWith('  [anon'));
  const [together, why, alone] = [
    /^ {2}\[anon\] x3 .* 6 .* main;load;mmap$/,
    /: mapped by the same/,
    / 2 /,
  ];
  const lines = rowsOf(input({}, { regions, mappedBy }));
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(together);
  expect(lines[1]).toMatch(alone);
  expect(lines[2]).toMatch(why);
  // Of two processes of one name it is one row as well, and still says who made it.
  const processes = [500, 501].map((pid) => process(pid, stats(1, { MINOR: 1 })));
  const both = [...regions, anon(5, 501, 'load;mmap'), anon(6, 501, 'grow;mmap')];
  const [grouped, ...others] = rowsOf(input({}, { regions: both, processes, mappedBy }));
  expect(grouped).toMatch(/^ {2}\[anon\] +anon .* 2 procs .* 8 .* main;load;mmap$/);
  expect(others).toEqual([expect.any(String), expect.any(String), expect.stringMatching(why)]);
});

test('what faults in flight have waited is said, and whether it is counted', () => {
  const capture = { ...FACTS, inFlight: 2, inFlightNs: 12.3e9 };
  const said =
    '2 not ended when capture did: not counted, but the 12.3s until then are in the time';
  expect(reportText(input({ capture }))).toContain(said);
  expect(reportText(input({ capture, filter: 'tid:1' }))).toContain('nor are the 12.3s until then');
  expect(JSON.parse(jsonOf(input({ capture })))).toMatchObject({
    completeness: { in_flight: 2, in_flight_stall_ns: 12.3e9 },
  });
  const { totals } = input().snapshot;
  const text = reportText(input({}, { totals: { ...totals, stallShare: 3.83 } }));
  expect(text).toContain('(3.8 threads on average)');
  const cells = [0.383, 1, 3.83, 9.96, 380.2, 2614].map(stalledCell);
  expect(cells).toEqual(['38.3', '100.0', '3.8thr', '10thr', '380thr', '3Kthr']);
});

test('text: limits of the capture, swap and caps are stated', () => {
  const text = reportText(
    input(
      { capture: { ...FACTS, mode: { ...FACTS.mode, entrySource: 'software', userOnly: true } } },
      {
        causeFacts: {
          swapInUse: true,
          numaBalancing: false,
          rereadShare: 0,
          answerer: 'unknown',
          busReasons: [],
        },
        caps: ['8,192 regions: the rest is in [others]'],
      },
    ),
  );
  expect(text).toMatch(/Capture {5}no COW/);
  expect(text).toMatch(/user-mode faults only/);
  expect(text).toMatch(/swap cache/);
  expect(text).toContain('8,192 regions: the rest is in [others]');
});

test('text: causes with their share and what they mean', () => {
  const text = reportText(input());
  expect(text).toMatch(/page-cache +9 +69\.2 % {2}first touch of a file page/);
  expect(text).not.toMatch(/swap-in/);
});

test('text: a histogram has a bar per power of two, gaps included', () => {
  const lines = reportText(input()).split('\n');
  const at = lines.indexOf('Latency of MAJOR');
  expect(lines.slice(at + 2, at + 5)).toEqual([
    `   524.3us -    1.0ms           2 ${'#'.repeat(40)}`,
    '     1.0ms -    2.1ms           0',
    `     2.1ms -    4.2ms           1 ${'#'.repeat(20)}`,
  ]);
  // Nothing was measured: no empty heading.
  expect(lines).not.toContain('Latency of COW');
});

const NGINX = { user: 'www', cgroup: '/system.slice/nginx.service' };

/** Two processes of a service, one of a shell's, and one that ended at once. */
function machine(more: Partial<ReportInput> = {}): ReportInput {
  const one = stats(1, { MINOR: 2 }, { 'page-cache': 2 }, 1e6);
  const processes = [
    { ...process(500, { ...one, id: 1 }), owner: NGINX },
    { ...process(501, { ...one, id: 2 }), owner: NGINX, comm: 'helper' },
    { ...process(600, { ...one, id: 3 }), owner: { user: 'root', cgroup: '/jobs' } },
    process(700, { ...one, id: 4, stallNs: 0 }),
  ];
  const whole = { kind: 'all', name: null, cgroup: null } as const;
  const target = { command: null, pids: [], whole };
  return input({ target, ...more }, { processes });
}

test('json: users, cgroups and units of processes, and null where they are not known', () => {
  const told = JSON.parse(jsonOf(machine())) as {
    readonly processes: readonly Record<string, unknown>[];
    readonly cgroups: readonly Record<string, unknown>[];
  };
  expect(told.processes.map((row) => [row.pid, row.user, row.cgroup, row.unit])).toEqual([
    [500, 'www', '/system.slice/nginx.service', 'nginx.service'],
    [501, 'www', '/system.slice/nginx.service', 'nginx.service'],
    [600, 'root', '/jobs', null],
    [700, null, null, null],
  ]);
  expect(told.cgroups).toMatchObject([
    { cgroup: NGINX.cgroup, unit: 'nginx.service', processes: 2, faults: 4, stall_ns: 2e6 },
    { cgroup: '/jobs', unit: null, processes: 1, faults: 2 },
    { cgroup: null, unit: null, processes: 1, faults: 2, causes: { 'page-cache': 2 } },
  ]);
  expect(told).toMatchObject({ group_by: 'process', groups: [] });
});

test.each([
  ['unit', ['nginx.service', null], [2, 2]],
  ['user', ['www', 'root', null], [2, 1, 1]],
  ['name', ['prog', 'helper'], [3, 1]],
] as const)('json: processes by %s', (by, labels, processes) => {
  const told = JSON.parse(jsonOf(machine({ by }))) as {
    readonly groups: readonly Record<string, unknown>[];
  };
  expect(told).toMatchObject({ group_by: by });
  expect(told.groups.map((row) => row[by])).toEqual(labels);
  expect(told.groups.map((row) => row.processes)).toEqual(processes);
});

test('text: of several processes these and their cgroups come first', () => {
  const text = reportText(machine());
  const titles = ['Processes', 'Cgroups', 'Regions', 'Causes'].map((title) =>
    text.indexOf(`\n${title}\n`),
  );
  expect(titles.every((at) => at > 0)).toBe(true);
  expect([...titles].sort((a, b) => a - b)).toEqual(titles);
  expect(text).toMatch(/ 500 .* prog +www +nginx /);
  expect(text).toMatch(/\/system\.slice\/nginx\.service +2 /);
  expect(text).toMatch(/\[not known\] +1 /);
  expect(text).not.toContain('\nUnits\n');
  const byUnit = reportText(machine({ by: 'unit' }));
  expect(byUnit.indexOf('\nUnits\n')).toBeGreaterThan(0);
  expect(byUnit.indexOf('\nUnits\n')).toBeLessThan(byUnit.indexOf('\nProcesses\n'));
  // Of a command and what it starts they come behind, without what is the same of all.
  const command = { command: ['make'], pids: [], whole: null };
  const ofCommand = reportText(machine({ target: command }));
  expect(ofCommand.indexOf('\nRegions\n')).toBeLessThan(ofCommand.indexOf('\nProcesses\n'));
  expect(ofCommand).not.toMatch(/USER|CGROUP|Cgroups/);
  expect(reportText(machine({ target: command, by: 'cgroup' }))).toContain('\nCgroups\n');
});

test('text: processes only where there are several; hostile names harmless', () => {
  expect(reportText(input())).not.toContain('Processes');
  const one = stats(1, { MINOR: 1 });
  const text = reportText(
    input(
      { target: { command: ['a\x1b[2J', 'b\nc'], pids: [] } },
      {
        processes: [process(500, one), process(501, one)],
        regions: [region(1, 'x\x9b31m\ny', { comm: '\x07' }, one)],
      },
    ),
  );
  expect(text).toContain('Processes');
  // oxlint-disable-next-line no-control-regex
  expect(text.replaceAll('\n', '')).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
  expect(text).toContain('x?31m?y');
});

test('text: a table that is too long ends with what was left out', () => {
  const rows = Array.from({ length: 230 }, (_, i) =>
    region(i, `r${i}`, {}, stats(i, { MINOR: 2 }, {}, 1000 * i)),
  );
  const lines = reportText(input({}, { regions: rows })).split('\n');
  const at = lines.indexOf('Regions');
  const end = lines.indexOf('', at);
  // The costliest are shown: what is left stalled for 1 + 2 + ... + 189 us.
  expect(lines[at + 2]).toMatch(/^ {2}r229 /);
  expect(lines.slice(at + 2, end)).toHaveLength(41);
  expect(lines[end - 1]).toBe('  and 190 more with 380 faults, 18.0ms stalled');
  expect(parsed(jsonOf(input({}, { regions: rows }))).regions).toHaveLength(230);
});

test('text: columns that say nothing are left out, those of the classes never', () => {
  const heading = (regions: RegionRow[]): string => {
    const lines = reportText(input({}, { regions })).split('\n');
    return lines[lines.indexOf('Regions') + 1]!;
  };
  const gone = region(1, 'a', { size: 0 }, stats(1, { MINOR: 1 }));
  expect(heading([gone])).toMatch(/^ {2}REGION +KIND +PERM +MAJ +MIN +COW +ALL +PAGES$/);
  const anon = region(2, '[anon]', { kind: 'anon' }, stats(2, { ERROR: 1 }, {}, 5));
  expect(heading([gone, anon])).toMatch(
    /REGION +START +KIND +PERM +SIZE +MAJ +MIN +COW +ERR +ALL +PAGES +STALL +p50 +p90 +p99 +MAX$/,
  );
});

test('text: the same region of processes of one name is one row, and the numbers add up', () => {
  const heap = (id: number, pid: number, comm: string, n: number): RegionRow =>
    region(
      id,
      '[heap]',
      { pid, comm, kind: 'heap' },
      stats(id, { MINOR: n, COW: 1 }, {}, n * 1000),
    );
  const anon = (id: number): RegionRow =>
    region(id, '[anon]', { pid: 9, comm: 'ld', kind: 'anon' }, stats(id, { MINOR: 1 }));
  const one = stats(1, { MINOR: 1 });
  const regions = [
    heap(1, 7, 'cc1', 10),
    heap(2, 8, 'cc1', 5),
    heap(3, 9, 'ld', 2),
    anon(4),
    anon(5),
  ];
  const made = input({}, { processes: [7, 8, 9].map((pid) => process(pid, one)), regions });
  const lines = reportText(made).split('\n');
  const at = lines.indexOf('Regions');
  // 10 + 5 minor and 1 + 1 COW faults of two compilers, 15 us; percentiles cannot be added up.
  expect(lines[at + 2]).toMatch(
    /^ {2}\[heap\] +heap +r-xp +8\.0K +2 procs +cc1 +0 +15 +2 +17 .* 15\.0us {3,}10\.0us/,
  );
  expect(lines[at + 3]).toMatch(
    /^ {2}\[heap\] +400000 +heap +r-xp +4\.0K +9 +ld +0 +2 +1 +3 .* 1\.5us /,
  );
  expect(lines.slice(at + 4, at + 6)).toEqual(
    Array(2).fill(expect.stringMatching(/^ {2}\[anon\] +400000 +anon .* 9 +ld /)),
  );
  expect(lines[at + 6]).toBe('');
  // A script finds them one by one.
  expect(parsed(jsonOf(made)).regions).toHaveLength(5);
});

test('text: threads are left out where they are the processes once more', () => {
  const one = stats(1, { MINOR: 1 });
  const two = [process(500, one), process(501, one)];
  const text = (threads: ThreadRow[]): string => reportText(input({}, { processes: two, threads }));
  expect(text([thread(500, one), thread(501, one)])).not.toContain('\nThreads\n');
  expect(text([thread(500, one), thread(501, one), thread(502, one)])).toContain('\nThreads\n');
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

test('of the whole machine: what /proc/vmstat counts, and why it is more', () => {
  const counts = { pgfault: 60_000, pgmajfault: 2, own: 1_500 };
  const { captured, lost } = completeness(FACTS);
  const more = grouped(60_000 - 1_500 - captured - lost);
  const text = reportText(machine({ machine: counts }));
  expect(text).toMatch(
    /\nMachine +60,000 in \/proc\/vmstat \(pgmajfault 2\): 1,500 of the analyzer itself, /,
  );
  expect(text).toContain(`itself, ${more} that no event reports`);
  expect(JSON.parse(jsonOf(machine({ machine: counts })))).toMatchObject({
    completeness: { machine: counts },
  });
  expect(JSON.parse(jsonOf(machine()))).toMatchObject({ completeness: { machine: null } });
  expect(reportText(machine())).not.toContain('vmstat');
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
