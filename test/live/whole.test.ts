import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { cgroupMount } from '../../src/sources/live/cgroups';
import { analyze, readFaults, reportIn, startAnalyzer, waiting } from '../support/analyzer';
import { workload } from '../support/build';
import type { Fault, Report } from '../support/formats';
import { childrenOf } from '../support/processes';
import { perfCounts } from '../support/perf';
import { attached, Running, run, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { compare, truthRows } from '../support/truth';

let scratch: string;

beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

const TREE = ['--workers', '3', '--children', '1', '--threads', '5', '--pages', '16'];
const MEMBERS = 6;

/** The faults on the last page of each member have been written. */
async function written(file: string, members: number): Promise<void> {
  await until('the faults of all', () => {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    return text.split('"address":"0x10000000f000"').length > members;
  });
}

interface Whole {
  readonly file: string;
  readonly tracer: Running;
}

async function watch(...target: readonly string[]): Promise<Whole> {
  const file = join(scratch, 'faults.ndjson');
  const tracer = startAnalyzer([
    ...['--by', 'cgroup', '--format', 'ndjson', '-o', file],
    ...['--report-format', 'json', '--no-symbols', ...target],
  ]);
  await attached(tracer);
  return { file, tracer };
}

async function ended({ tracer, file }: Whole): Promise<{ report: Report; faults: Fault[] }> {
  const end = await tracer.ended;
  expect(end.status).toBe(0);
  return { report: reportIn(end), faults: await readFaults(file) };
}

/** Lets a waiting family play, until its faults are written; gives what it says it did. */
async function play(family: Running, file: string, members: number) {
  family.write('\n');
  await written(file, members);
  family.closeInput();
  return truthRows((await family.ended).stdout);
}

test('-a: whoever runs, before and after the start, and nothing of our own', async () => {
  const before = await waiting([workload('family'), ...TREE]);
  const vmstat = faultsOfTheMachine();
  const whole = await watch('-a', '--filter', 'comm:family');
  const rows = await play(before, whole.file, MEMBERS);
  const after = await waiting([workload('family'), ...TREE]);
  rows.push(...(await play(after, whole.file, 2 * MEMBERS)));
  whole.tracer.kill('SIGINT');
  const { report, faults } = await ended(whole);
  const { expected, captured } = compare(rows, faults);
  expect(captured).toEqual(expected);
  const { captured: counted, lost, kernel, comparable } = report.completeness;
  expect(comparable).toBe(true);
  expect(counted + lost).toBeLessThanOrEqual(kernel);
  expect(report.target).toMatchObject({ kind: 'all', command: null, pids: [] });
  // The kernel counts those too that it takes for a process without an access.
  expect(report.completeness.captured).toBeLessThanOrEqual(faultsOfTheMachine() - vmstat);
  const seen = new Set(report.processes.map(({ pid }) => pid));
  for (const { pid } of rows) expect(seen).toContain(pid);
  expect(seen).not.toContain(whole.tracer.pid);
});

/** pgfault of /proc/vmstat: every fault that the kernel has handled, major ones too. */
function faultsOfTheMachine(): number {
  return Number(/^pgfault (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))![1]);
}

test('--name: those with the name, who gets it later, and what they start', async () => {
  const named = join(scratch, 'pf-named');
  copyFileSync(workload('family'), named);
  const stranger = await waiting([workload('family'), ...TREE]);
  const before = await waiting([named, ...TREE]);
  const whole = await watch('--name', 'pf-named');
  const rows = await play(before, whole.file, MEMBERS);
  const after = await waiting(['sh', '-c', 'exec "$@"', 'sh', named, ...TREE]);
  rows.push(...(await play(after, whole.file, 2 * MEMBERS)));
  stranger.write('\n');
  stranger.closeInput();
  const strangers = truthRows((await stranger.ended).stdout);
  whole.tracer.kill('SIGINT');
  const { report, faults } = await ended(whole);
  const { expected, captured } = compare(rows, faults);
  expect(captured).toEqual(expected);
  expect(report.target).toMatchObject({ kind: 'name', name: 'pf-named' });
  const seen = new Set(faults.map(({ pid }) => pid));
  expect(strangers).toHaveLength(MEMBERS);
  for (const { pid } of [...strangers, { pid: stranger.pid }]) expect(seen).not.toContain(pid);
});

test('--cgroup: its members, those moved in too, until it is removed', async () => {
  const mount = cgroupMount(readFileSync('/proc/self/mountinfo', 'utf8'))!;
  const name = `pagefault-test-${process.pid}`;
  const inner = join(mount, name, 'inner');
  mkdirSync(inner, { recursive: true });
  try {
    const stranger = await waiting([workload('family'), ...TREE]);
    const moved = await waiting([workload('family'), ...TREE]);
    const recording = join(scratch, 'cgroup.data');
    const whole = await watch('--cgroup', name, '--record', recording);
    const pids = [moved.pid];
    for (const pid of pids) pids.push(...childrenOf(pid));
    for (const pid of pids) writeFileSync(join(inner, 'cgroup.procs'), String(pid));
    const rows = await play(moved, whole.file, MEMBERS);
    const script = 'echo $$ > "$0" && exec "$@"';
    const born = new Running(
      ['sh', '-c', script, join(inner, 'cgroup.procs'), workload('family'), ...TREE],
      { env: { WORKLOAD_WAIT: '1' } },
    );
    await until('the family', () => born.stdout.includes('"ready"'));
    rows.push(...(await play(born, whole.file, 2 * MEMBERS)));
    stranger.write('\n');
    stranger.closeInput();
    await stranger.ended;
    rmdirSync(inner);
    rmdirSync(join(mount, name));
    const { report, faults } = await ended(whole);
    const { expected, captured } = compare(rows, faults);
    expect(captured).toEqual(expected);
    expect(report.completeness).toMatchObject({ difference: 0, lost: 0, comparable: true });
    expect(report.target).toMatchObject({ kind: 'cgroup', cgroup: `/${name}` });
    const members = new Set(rows.map(({ pid }) => pid));
    const placesIn = ({ processes }: Report): Map<unknown, unknown[]> =>
      new Map(
        processes
          .filter(({ pid }) => members.has(pid as number))
          .map(({ pid, cgroup, unit, user }) => [pid, [cgroup, unit, user]]),
      );
    const places = placesIn(report);
    expect(places.size).toBe(2 * MEMBERS);
    // Of who has ended before it could be asked the kernel tells the cgroup alone.
    const right = [
      [`/${name}/inner`, null, 'root'],
      [`/${name}/inner`, null, null],
    ];
    for (const place of places.values()) expect(right).toContainEqual(place);
    // A recording knows what was learnt, also of who ended long ago.
    const replay = await analyze(['-q', '--report-format', 'json', '-i', recording]);
    expect(placesIn(reportIn(replay))).toEqual(places);
    // Grouped in another way they are the same faults.
    const faultsOf = (list: Report['groups']): number =>
      list.reduce((sum, group) => sum + Number(group.faults), 0);
    expect(faultsOf(report.groups)).toBe(report.completeness.captured);
    expect(faultsOf(report.cgroups)).toBe(report.completeness.captured);
    expect(faults.map(({ pid }) => pid)).not.toContain(stranger.pid);
  } finally {
    for (const path of [inner, join(mount, name)]) if (existsSync(path)) rmdirSync(path);
  }
});

test('users, cgroups and units of processes that live, and the sums of them', async () => {
  const mount = cgroupMount(readFileSync('/proc/self/mountinfo', 'utf8'))!;
  const name = `pagefault-test-${process.pid}.service`;
  const cgroup = join(mount, name);
  mkdirSync(cgroup);
  const script = 'echo $$ > "$0" && exec "$@"';
  const family = new Running(
    ['sh', '-c', script, join(cgroup, 'cgroup.procs'), workload('family'), ...TREE],
    { env: { WORKLOAD_WAIT: '1' } },
  );
  try {
    await until('the family', () => family.stdout.includes('"ready"'));
    const whole = await watch('-a', '--filter', 'comm:family');
    family.write('\n');
    await written(whole.file, MEMBERS);
    const members = [family.pid];
    for (const pid of members) members.push(...childrenOf(pid));
    whole.tracer.kill('SIGINT');
    const { report } = await ended(whole);
    const told = report.processes.filter(({ pid }) => members.includes(pid as number));
    expect(told.length).toBeGreaterThanOrEqual(MEMBERS);
    for (const row of told) {
      expect(row).toMatchObject({ cgroup: `/${name}`, unit: name, user: 'root' });
    }
    const [ours] = report.cgroups.filter((row) => row.cgroup === `/${name}`);
    const faults = told.reduce((sum, row) => sum + Number(row.faults), 0);
    expect(ours).toMatchObject({ unit: name, processes: told.length, faults });
  } finally {
    family.write('\n');
    family.closeInput();
    await family.ended;
    await until('its end', () => readFileSync(join(cgroup, 'cgroup.procs'), 'utf8') === '');
    rmdirSync(cgroup);
  }
});

test('-a: counts between those of perf stat -a and /proc/vmstat around a storm of a million', async () => {
  const tracer = startAnalyzer(['-a', '-q', '--report-format', 'json', '--no-symbols']);
  await attached(tracer);
  const inner = faultsOfTheMachine();
  const storm = [workload('storm'), '--threads', '2', '--read', '--faults', '500000'];
  // What perf has counted before the first look, and after the second, is a few hundred.
  const look = 'grep "^pgfault " /proc/vmstat';
  const perf = await run(
    [
      ...['unshare', '--mount', 'perf', 'stat', '-a', '-x', ',', '-e', 'minor-faults,major-faults'],
      ...['sh', '-c', `${look}; "$@"; ${look}`, 'sh', ...storm],
    ],
    { input: '\n' },
  );
  const counted = perfCounts(perf);
  const between = faultsOfTheMachine() - inner;
  tracer.kill('SIGINT');
  const { completeness, processes } = reportIn(await tracer.ended);
  const { faults: said } = JSON.parse(
    perf.stdout.split('\n').find((line) => line.includes('"rate"'))!,
  ) as { faults: number };
  const [ours] = processes.filter(({ comm }) => comm === 'storm');
  // Its loading and its threads take some more.
  expect(Number(ours!.faults)).toBeLessThan(said + 2000);
  expect(counted.minor + counted.major).toBeGreaterThanOrEqual(said);
  // Everything that perf counts happened while the analyzer looked, and vmstat has it all.
  const { machine, captured, lost, kernel, difference } = completeness;
  // On a machine that has no time for us some are lost, and counted.
  expect(Number(ours!.faults) + lost).toBeGreaterThanOrEqual(said);
  expect(counted.minor + counted.major).toBeLessThanOrEqual(machine!.pgfault);
  expect(between).toBeLessThanOrEqual(machine!.pgfault);
  expect(captured + lost + machine!.own).toBeLessThanOrEqual(machine!.pgfault);
  expect(Math.abs(difference)).toBeLessThan(kernel / 1000);
  // What we have more is what happened before perf began and after it ended.
  const [first, last] = [...perf.stdout.matchAll(/^pgfault (\d+)$/gm)].map(([, n]) => Number(n));
  const more = captured + lost + machine!.own - counted.minor - counted.major;
  expect(more).toBeGreaterThan(-kernel / 1000);
  expect(more).toBeLessThan(machine!.pgfault - (last! - first!) + kernel / 1000);
});
