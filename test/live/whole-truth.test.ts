import { mkdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { cgroupMount } from '../../src/sources/live/cgroups';
import { reportIn, startAnalyzer, waiting } from '../support/analyzer';
import { workload } from '../support/build';
import { childrenOf, descriptors, faulting, proportional } from '../support/processes';
import { attached, eventsOpened, Running, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { asked } from '../support/share';
import { jsonLines, truthRows } from '../support/truth';

let scratch: string;

beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

const REPORT = ['-a', '-q', '--report-format', 'json', '--no-symbols'];

/** In a mount namespace of its own: perf mounts tracefs where it is not, and leaves it so. */
const perf = (...args: readonly string[]): string[] => ['unshare', '--mount', 'perf', ...args];

const sum = (numbers: readonly unknown[]): number =>
  numbers.reduce<number>((all, n) => all + Number(n), 0);

test('beside a perf session with call chains every fault has a record', async () => {
  const storm = await waiting([workload('storm'), '--threads', '2', '--faults', '20000']);
  const args = ['-q', '--report-format', 'json', '-p', String(storm.pid)];
  const tracer = startAnalyzer(args);
  await attached(tracer);
  // Opened later it is the first to fill in what both sessions are given of a fault.
  const file = join(scratch, 'perf.data');
  const other = new Running(
    perf('record', '-q', '-a', '-g', '-c', '1', '-e', 'minor-faults,major-faults', '-o', file),
  );
  await eventsOpened(other);
  storm.write('\n');
  await storm.ended;
  other.kill('SIGINT');
  await other.ended;
  rmSync(file);
  const { completeness } = reportIn(await tracer.ended);
  expect(completeness).toMatchObject({ difference: 0, comparable: true, lost: 0 });
  expect(completeness.captured).toBeGreaterThanOrEqual(40_000);
});

test('cgroups have the counts of perf stat --for-each-cgroup in the same run', async () => {
  const mount = cgroupMount(readFileSync('/proc/self/mountinfo', 'utf8'))!;
  const names = ['one', 'two'].map((name) => `pagefault-test-${process.pid}-${name}.service`);
  for (const name of names) mkdirSync(join(mount, name));
  const script = 'echo $$ > "$0" && exec "$@"';
  const storms = names.map(
    (name, k) =>
      new Running(
        [
          ...['sh', '-c', script, join(mount, name, 'cgroup.procs')],
          ...[workload('storm'), '--threads', '2', '--faults', String(10_000 * (k + 1))],
        ],
        { env: { WORKLOAD_WAIT: '1' } },
      ),
  );
  try {
    for (const storm of storms) await until('the storm', () => storm.stdout.includes('"ready"'));
    const tracer = startAnalyzer(REPORT);
    await attached(tracer);
    const stat = new Running([
      ...perf('stat', '-a', '-x', ';', '-e', 'minor-faults,major-faults'),
      ...['--for-each-cgroup', names.join(',')],
    ]);
    await eventsOpened(stat);
    for (const storm of storms) storm.write('\n');
    for (const storm of storms) await storm.ended;
    stat.kill('SIGINT');
    const { stderr } = await stat.ended;
    tracer.kill('SIGINT');
    const { cgroups, completeness } = reportIn(await tracer.ended);
    expect(completeness.lost).toBe(0);
    names.forEach((name, k) => {
      const lines = stderr.split('\n').filter((line) => line.includes(name));
      const counted = sum(lines.map((line) => line.split(';')[0]));
      expect(counted).toBeGreaterThanOrEqual(20_000 * (k + 1));
      const [ours] = cgroups.filter((row) => row.cgroup === `/${name}`);
      expect(ours).toMatchObject({ unit: name, faults: counted });
    });
  } finally {
    for (const storm of storms) storm.kill('SIGKILL');
    for (const storm of storms) await storm.ended;
    for (const name of names) {
      await until('its end', () => readFileSync(join(mount, name, 'cgroup.procs'), 'utf8') === '');
      rmdirSync(join(mount, name));
    }
  }
});

test('a process in its own pid and mount namespaces, with another root', async () => {
  const root = join(scratch, 'root');
  mkdirSync(root);
  const script = [
    'mount -t tmpfs none "$0" && mkdir "$0/inner" && cp "$1" "$0/inner/program"',
    'for at in lib lib64 usr; do mkdir "$0/$at" && mount --bind "/$at" "$0/$at"; done',
    'shift && exec chroot "$0" /inner/program "$@"',
  ].join('\n');
  const target = new Running(
    [
      ...['unshare', '--pid', '--mount', '--fork', '--kill-child', 'sh', '-ec', script, root],
      // It lives until it has been looked at, on however busy a machine.
      ...[workload('pace'), '--rate', '2000', '--faults', '10000000'],
    ],
    { env: { WORKLOAD_WAIT: '1' } },
  );
  await until('the program', () => target.stdout.includes('"ready"'));
  const [pid] = childrenOf(target.pid);
  const file = join(scratch, 'tables.ndjson');
  const tracer = startAnalyzer([
    // On a busy machine it may be one of many that are not kept in detail.
    ...['-a', '--filter', 'comm:program'],
    ...['--batch', '--format', 'ndjson', '--interval', '0.25', '-o', file],
    ...['--report-format', 'json', '--no-symbols'],
  ]);
  await attached(tracer);
  target.write('\n');
  await until('its number of its own', () => readFileSync(file, 'utf8').includes('"ns_pid":1,'));
  await faulting(pid!, 4000);
  process.kill(pid!, 'SIGKILL');
  await target.ended;
  tracer.kill('SIGINT');
  const { processes, regions } = reportIn(await tracer.ended);
  const [row] = processes.filter((one) => one.pid === pid);
  expect(jsonLines(target.stdout)[0]).toEqual({ ready: 1 });
  expect(row).toMatchObject({ comm: 'program', ns_pid: 1, ppid: target.pid, user: 'root' });
  const own = regions.filter((one) => one.pid === pid);
  const [anonymous] = own.filter(({ region }) => region === '[anon]');
  expect(Number(anonymous!.faults)).toBeGreaterThan(1000);
  // Of a file that has this name in another root alone.
  expect(own).toContainEqual(expect.objectContaining({ region: 'program', section: '.bss' }));
});

/** The whole of it: `npm run trials -- whole-truth`. */
const CROWD =
  asked() === ''
    ? { resting: 200, births: 200, rate: 100, hot: 2, faults: 10_000 }
    : { resting: 2000, births: 5000, rate: 500, hot: 8, faults: 40_000 };

test('many at rest, many born and gone, a few hot ones: each as it was, within the bounds', async () => {
  const resting = await waiting([
    ...[workload('family'), '--workers', String(CROWD.resting), '--children', '0'],
    ...['--threads', '0', '--pages', '1'],
  ]);
  const rate = String((CROWD.faults * CROWD.rate) / CROWD.births);
  const hot = await Promise.all(
    Array.from({ length: CROWD.hot }, () =>
      waiting([workload('pace'), '--rate', rate, '--faults', String(CROWD.faults)]),
    ),
  );
  const births = await waiting([
    ...[workload('forkstorm'), '--children', String(CROWD.births), '--rate', String(CROWD.rate)],
    ...['--pages', '8'],
  ]);
  const tracer = startAnalyzer(REPORT);
  await attached(tracer);
  for (const one of [...hot, births]) one.write('\n');
  const said = truthRows((await births.ended).stdout);
  for (const one of hot) await one.ended;
  const ours = [tracer.pid, ...childrenOf(tracer.pid)];
  expect(descriptors(tracer.pid).length).toBeLessThanOrEqual(24 * cpus().length + 64);
  expect(sum(ours.map(proportional))).toBeLessThan(200e6);
  tracer.kill('SIGINT');
  const { completeness, processes } = reportIn(await tracer.ended);
  resting.closeInput();
  resting.kill('SIGKILL');
  await resting.ended;
  expect(completeness.lost).toBe(0);
  expect(completeness.difference).toBeLessThan(completeness.kernel / 1000);
  for (const { pid } of hot) {
    const [row] = processes.filter((one) => one.pid === pid);
    expect(Number(row!.faults)).toBeGreaterThanOrEqual(CROWD.faults);
    expect(Number(row!.faults)).toBeLessThan(CROWD.faults + 500);
  }
  // Also where they share a row; each has a few more of its own stack and of its end.
  const storm = processes.filter(({ comm }) => comm === 'forkstorm');
  // Most had ended before anybody could ask whose they were; where the machine is too busy, so had their parent.
  const [parent] = storm.filter(({ pid }) => pid === births.pid);
  expect(new Set(storm.map(({ user }) => user))).toEqual(new Set([parent!.user]));
  expect(sum(storm.map(({ processes: members = 1 }) => members))).toBeGreaterThan(0);
  expect(sum(storm.map(({ faults }) => faults))).toBeGreaterThanOrEqual(
    sum(said.map(({ faults }) => faults)),
  );
}, 600_000);
