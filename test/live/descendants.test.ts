import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readFaults, reportIn, startAnalyzer, waiting } from '../support/analyzer';
import { workload } from '../support/build';
import type { Fault, Report } from '../support/formats';
import { perfCounts, startPerfStat } from '../support/perf';
import { InjectedInstallation } from '../support/injected';
import { childrenOf } from '../support/processes';
import { attached, eventsOpened, run, Running, until } from '../support/running';
import type { Ended } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { compare, truthRows } from '../support/truth';
import type { TruthRow } from '../support/truth';

let scratch: string;

beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

/** Of what code is called nothing is read. */
const COUNTS = ['-q', '--no-symbols', '--report-format', 'json'];

interface Seen {
  readonly rows: readonly TruthRow[];
  readonly faults: readonly Fault[];
  readonly report: Report;
  readonly stderr: string;
}

/** Attaches to the first process of a family; it ends when the faults of `members` have been written: 'told' by itself. */
async function captureFamily(
  members: number | 'told',
  tree: readonly string[],
  args: readonly string[] = [],
): Promise<Seen> {
  const target = await waiting([workload('family'), ...tree, '--pages', '16']);
  const file = `${scratch}/faults.ndjson`;
  const tracer = startAnalyzer([
    ...[...args, '--format', 'ndjson', '-o', file, '--report-format', 'json', '--no-symbols'],
    ...['-p', String(target.pid)],
  ]);
  await attached(tracer);
  target.write('\n');
  // The last page of each: what comes later needs no maps.
  await until('the faults of all', () => {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const born = /"born":(\d+)/.exec(target.stdout)?.[1];
    const awaited = members === 'told' ? Number(born) : members;
    return text.split('"address":"0x10000000f000"').length > awaited;
  });
  target.closeInput();
  const { stdout } = await target.ended;
  const ended = await tracer.ended;
  expect(ended.status).toBe(0);
  const faults = await readFaults(file);
  return { rows: truthRows(stdout), faults, report: reportIn(ended), stderr: ended.stderr };
}

test('who is there already is captured, with its threads and children', async () => {
  const tree = ['--workers', '6', '--children', '3', '--threads', '20'];
  const { rows, faults, report, stderr } = await captureFamily(24, tree);
  expect(stderr).not.toContain('not captured');
  expect(rows).toHaveLength(24);
  const { expected, captured } = compare(rows, faults);
  expect(captured).toEqual(expected);
  expect(report.completeness).toMatchObject({ difference: 0, lost: 0, comparable: true });
  const of = new Map(report.processes.map((row) => [row.pid, row]));
  for (const { pid } of rows) expect(of.get(pid)).toMatchObject({ comm: 'family' });
});

test('a process that forks and ends, again and again, is caught while it runs', async () => {
  const tree = ['--workers', '2', '--children', '0', '--relays', '3'];
  const { rows, faults, report } = await captureFamily(5, tree);
  expect(rows).toHaveLength(5);
  const { expected, captured } = compare(rows, faults);
  expect(captured).toEqual(expected);
  expect(report.completeness).toMatchObject({ difference: 0, lost: 0, comparable: true });
});

test('a process that is in the middle of a fork whenever one looks: each child is captured whole', async () => {
  const tree = ['--workers', '0', '--children', '0', '--born', '256'];
  const { rows, faults, report } = await captureFamily('told', tree);
  expect(rows.length).toBeGreaterThan(1);
  const { expected, captured } = compare(rows, faults);
  expect(captured).toEqual(expected);
  expect(report.completeness).toMatchObject({ difference: 0, lost: 0, comparable: true });
});

test('without children nobody but the process itself is captured', async () => {
  const { rows, faults } = await captureFamily(
    0,
    ['--workers', '3', '--children', '1'],
    ['--no-children'],
  );
  expect(rows).toHaveLength(6);
  const pids = new Set(faults.map(({ pid }) => pid));
  for (const { pid } of rows) expect(pids).not.toContain(pid);
  expect(pids.size).toBe(1);
});

test('the count is that of perf stat, which is told of every process', async () => {
  const tree = ['--workers', '3', '--children', '2', '--pages', '500'];
  const target = await waiting([workload('family'), ...tree]);
  const pids = [target.pid];
  for (const pid of pids) pids.push(...childrenOf(pid));
  expect(pids).toHaveLength(1 + 3 * 3);
  const perf = startPerfStat(pids.join(','));
  const tracer = startAnalyzer([...COUNTS, '-p', String(target.pid)]);
  await eventsOpened(perf);
  await attached(tracer);
  target.write('\n');
  target.closeInput();
  expect(truthRows((await target.ended).stdout)).toHaveLength(9);
  const { completeness } = reportIn(await tracer.ended);
  const { minor, major } = perfCounts(await perf.ended);
  expect(completeness).toMatchObject({ captured: minor + major, lost: 0, difference: 0 });
});

test('a thread that ends while its events are opened: what they counted until then agrees with what was seen', async () => {
  const installation = new InjectedInstallation(join(scratch, 'injected'));
  // On the CPU whose events are opened first.
  const [cpu] = /(?<=Cpus_allowed_list:\s*)\d+/.exec(readFileSync('/proc/self/status', 'utf8'))!;
  const storm = [workload('storm'), '--pause', '20', '--seconds', '600'];
  const target = new Running(['taskset', '--cpu-list', cpu, ...storm]);
  const worker = await until('the thread that faults', () =>
    readdirSync(`/proc/${target.pid}/task`).find((tid) => tid !== String(target.pid)),
  );
  const capture = async (inject: readonly string[]): Promise<Ended> => {
    installation.trace('node', ['-e', 'trace=perf_event_open', ...inject]);
    const args = [...COUNTS, '-d', '0.1', '-p', String(target.pid)];
    const ended = await run(installation.command(args));
    expect(ended.status).toBe(0);
    return ended;
  };
  try {
    await capture([]);
    const opened = installation.seen('node').split('\n');
    // For this thread on the first CPU, and so on: the last of them is refused.
    const last = opened.findLastIndex((line) => line.includes(`}, ${worker}, `)) + 1;
    expect(last).toBeGreaterThan(1);
    // It faults in the meantime, on however busy a machine.
    const inject = `inject=perf_event_open:error=ESRCH:delay_enter=500000:when=${last}`;
    const ended = await capture(['-e', inject]);
    const { completeness } = reportIn(ended);
    expect(completeness.captured).toBeGreaterThan(0);
    expect(completeness).toMatchObject({ difference: 0 });
  } finally {
    target.kill('SIGKILL');
    await target.ended;
  }
});
