import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupMount } from '../../src/sources/live/cgroups';
import {
  analyze,
  analyzerCommand,
  captureAttached,
  captureCommand,
  readFaults,
  reportIn,
  startAnalyzer,
  waiting,
} from '../support/analyzer';
import type { Capture } from '../support/analyzer';
import { workload } from '../support/build';
import type { Fault } from '../support/formats';
import { attached, run, Running, until } from '../support/running';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { afterLoading, compare, truthRows } from '../support/truth';

let scratch: string;
beforeAll(() => {
  scratch = scratchDirectory();
});
afterAll(() => {
  removeScratch(scratch);
});

const ENGINES = ['bpf', 'tracepoint'];
const BPF = ['--engine', 'bpf'];
/** Where nothing is read of what code is called. */
const UNNAMED = [...BPF, '--no-symbols'];
const command = (name: string, ...args: readonly string[]): string[] => [
  workload(name),
  ...['--dir', scratch, ...args],
];

function isWhole({ ended, rows, faults, report }: Capture, engine = 'bpf'): void {
  expect(ended.status).toBe(0);
  expect(rows.length).toBeGreaterThan(0);
  expect(report.completeness).toMatchObject({ difference: 0, lost: 0, comparable: true });
  const { expected, captured } = compare(rows, faults);
  expect(captured).toEqual(expected);
  expect(report.capture).toMatchObject({ engine, limits: [] });
}

type Case = readonly [name: string, ...args: string[]];
const STARTED: readonly Case[] = [
  ['cow', '--pages', '100'],
  ['execer', '--depth', '4', '--pages', '32'],
  ['forkstorm', '--children', '60', '--pages', '8'],
  ['kernelread', '--pages', '64'],
  ['majors', '--pages', '200'],
  ['migrate', '--threads', '4', '--pages', '150'],
  ['segv', '--times', '100'],
  ['sharedvm', '--pages', '20'],
  ['storm', '--threads', '2', '--faults', '20000', '--pages', '1024'],
  ['threads', '--sleepers', '100', '--faulting', '20', '--pages', '16'],
];
const started = ENGINES.flatMap((engine) => STARTED.map((of) => [engine, ...of] as const));
test.each(started)(
  '%s, started: every range of %s has its faults, and nothing is lost',
  async (engine, name, ...args) => {
    const options = { args: ['--engine', engine, '--no-symbols'] };
    isWhole(await captureCommand(command(name, ...args), scratch, options), engine);
  },
);

const ATTACHED: readonly Case[] = [
  ['forkstorm', '--children', '60', '--pages', '8'],
  ['segv', '--times', '100'],
  ['storm', '--threads', '2', '--faults', '20000', '--pages', '1024'],
  ['threads', '--sleepers', '100', '--faulting', '20', '--pages', '16'],
];
const joined = ENGINES.flatMap((engine) => ATTACHED.map((of) => [engine, ...of] as const));
test.each(joined)('%s, attached to: the same of %s', async (engine, name, ...args) => {
  const options = ['--engine', engine, '--no-symbols'];
  isWhole(await captureAttached(command(name, ...args), scratch, options), engine);
});

/** What the debug log says of entries that programs have come to see. */
const MOVED = /^debug: .* capture: ENTRIES_MOVED /m;
const debugged = async ([name, ...args]: Case): Promise<Capture> => {
  process.env.PAGEFAULT_DEBUG = 'capture';
  try {
    return await captureAttached(command(name, ...args), scratch, ['--no-symbols']);
  } finally {
    delete process.env.PAGEFAULT_DEBUG;
  }
};

/** Enough for the move in the middle of it: of threads, forks, execs, copies, faults in the kernel, and signals. */
const BUSY: readonly Case[] = [
  ['storm', '--threads', '2', '--faults', '40000', '--pages', '1024'],
  ['threads', '--sleepers', '100', '--faulting', '40', '--pages', '1000'],
  ['forkstorm', '--children', '400', '--pages', '40'],
  ['execer', '--depth', '60', '--pages', '600'],
  ['cow', '--pages', '6000'],
  ['kernelread', '--pages', '12000'],
  ['segv', '--times', '10000'],
];
test.each(BUSY)(
  '%s, attached to: programs come to see entries, and every fault is there once, with its beginning',
  async (name, ...args) => {
    const capture = await debugged([name, ...args]);
    isWhole(capture);
    expect(capture.ended.stderr).toMatch(MOVED);
    expect(capture.report.capture.records).toMatchObject({
      ...{ unpaired_completions: 0, interrupted: 0, retried: 0, duplicates: 0 },
    });
    const blind = capture.faults.filter(
      ({ class: kind, latency_ns: took, error_code: code }) =>
        code === null || (took === null && kind !== 'ERROR'),
    );
    expect(blind).toEqual([]);
  },
);

test('a target that faults seldom: no program runs for the faults of others', async () => {
  const capture = await debugged(['storm', '--faults', '3000', '--pages', '1024']);
  isWhole(capture);
  expect(capture.ended.stderr).not.toMatch(MOVED);
  const { descriptors, cpus } = capture.report.capture;
  expect(descriptors / cpus).toBeLessThanOrEqual(20);
});

// Around the 10,000th fault: its thread ends before, while or after programs come to see its entries.
test.each([9_990, 10_500, 13_000, 17_000])(
  'a target that ends with its fault number %i: every one is there',
  async (faults) => {
    isWhole(await debugged(['storm', '--faults', String(faults), '--pages', '512']));
  },
);

test('programs that are refused then: events go on, it is said, and every fault is there', async () => {
  const target = await waiting(command('storm', '--faults', '40000', '--pages', '1024'));
  const file = join(scratch, 'refused.ndjson');
  const tracer = startAnalyzer([
    ...['--no-symbols', '--format', 'ndjson', '--report-format', 'json', '-o', file],
    ...['-p', String(target.pid)],
  ]);
  await attached(tracer);
  const tasks = `/proc/${tracer.pid}/task`;
  const poller = readdirSync(tasks).find(
    (tid) => readFileSync(`${tasks}/${tid}/comm`, 'utf8') === 'pf-poller\n',
  );
  // Its first call of bpf(2), and all that follow.
  const strace = new Running(['strace', '-e', 'inject=bpf:error=EPERM', '-p', poller!]);
  await until('strace', () => strace.stderr.includes('attached'));
  target.write('\n');
  const { stdout } = await target.ended;
  const ended = await tracer.ended;
  await strace.ended;
  expect(strace.stderr).toMatch(/BPF_RAW_TRACEPOINT_OPEN.*INJECTED/);
  expect(ended.stderr).toMatch(/^note: programs in the kernel could not be told .*$/m);
  const rows = truthRows(stdout);
  isWhole({ ended, rows, faults: await readFaults(file), report: reportIn(ended) });
});

test('a fault that waits since before programs came to see entries is in flight', async () => {
  const stuck = await waiting([workload('stuck'), '--forever']);
  const storm = await waiting(command('storm', '--faults', '40000', '--pages', '1024'));
  const tracer = startAnalyzer(
    ['-q', '--no-symbols', '--report-format', 'json', '-p', `${stuck.pid},${storm.pid}`],
    { env: { PAGEFAULT_DEBUG: 'capture' } },
  );
  await attached(tracer);
  stuck.write('\n');
  await until('its fault', () => stuck.stdout.includes('"stuck"'));
  storm.write('\n');
  await until('the move', () => MOVED.test(tracer.stderr));
  await storm.ended;
  tracer.kill('SIGINT');
  const ended = await tracer.ended;
  stuck.kill('SIGKILL');
  expect(reportIn(ended).completeness).toMatchObject({ difference: 0, lost: 0, in_flight: 1 });
});

// Who walks a stack inside of a fault touches pages that are not there.
test('BPF with call chains: every fault of the kernel is still there', async () => {
  const args = [...BPF, '--stacks', 'fp', '--stack-every', '1'];
  isWhole(await captureCommand(command('kernelread', '--pages', '64'), scratch, { args }));
  isWhole(await captureCommand(command('chains'), scratch, { args }));
});

test('both engines say the same of every fault of one thread, in the same order', async () => {
  const told = async (engine: string): Promise<unknown[]> => {
    const { faults } = await captureCommand(
      command('brkheap', '--pages', '64', '--rounds', '10'),
      scratch,
      {
        args: ['--engine', engine, '--fixed-ts', '--no-symbols'],
      },
    );
    const said = ({
      class: kind,
      cause,
      address,
      ip,
      region,
      error_code: code,
    }: Fault): unknown => ({
      ...{ kind, cause, ip, region, code },
      // Which of the digits in libc it reads first depends on how long it took, which it prints.
      address: region.startsWith('libc') ? address.slice(0, -3) : address,
    });
    return afterLoading(faults).map(said);
  };
  await told('tracepoint'); // what it reads of files is in memory from now on
  expect(await told('bpf')).toEqual(await told('tracepoint'));
});

test('calls through the vsyscall page are no faults', async () => {
  const { report } = await captureCommand(command('vsyscall', '--calls', '1000'), scratch, {
    args: UNNAMED,
  });
  expect(report.summary).toMatchObject({ error: 0 });
  expect(report.capture.records).toMatchObject({ interrupted: 0 });
});

test('a fault that is still waiting at the end is in flight, and in the rows of its thread', async () => {
  const { report } = await captureCommand([workload('stuck'), '--forever'], scratch, {
    args: [...UNNAMED, '-d', '0.7'],
  });
  expect(report.completeness.in_flight).toBe(1);
  const waited = report.completeness.in_flight_stall_ns;
  expect(waited).toBeGreaterThan(0.3e9);
  expect(Math.max(...report.threads.map((row) => Number(row.stall_ns))) / waited).toBeCloseTo(1, 0);
});

test('without rights: one line that says which are needed, status 2', async () => {
  const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--'];
  const ended = await run([...nobody, ...analyzerCommand([...BPF, '-q', '--', 'true'])]);
  expect(ended).toMatchObject({ status: 2, stdout: '' });
  expect(ended.stderr).toMatch(/^error: --engine bpf: .*CAP_BPF and CAP_PERFMON.*\n$/);
  // What was asked for is named.
  const sampled = await run([...nobody, ...analyzerCommand(['--budget', '1', '-q', '--', 'true'])]);
  expect(sampled).toMatchObject({ status: 2, stdout: '' });
  expect(sampled.stderr).toMatch(/^error: --budget needs .*: .*CAP_BPF and CAP_PERFMON.*\n$/);
  expect(sampled.stderr).not.toContain('--engine');
});

/** What a run captures with, and why not with programs, as the debug log says it. */
async function chosen(
  args: readonly string[],
  within: readonly string[] = [],
): Promise<readonly string[]> {
  const { status, stderr } = await run(
    [...within, ...analyzerCommand(['-q', ...args, '-d', '0.1'])],
    { env: { PAGEFAULT_DEBUG: 'capture' } },
  );
  expect(status).toBe(0);
  return ['engine', 'bpfRefused'].map(
    (key) => new RegExp(`"${key}":"([^"]*)"`).exec(stderr)?.[1] ?? '',
  );
}

test('programs finish faults, but of a cgroup; tracepoints where they are refused', async () => {
  const own = ['-p', String(process.pid)];
  for (const target of [['-a'], ['--name', 'nobody-has-it'], own])
    expect(await chosen(target)).toEqual(['bpf', '']);
  const mount = cgroupMount(readFileSync('/proc/self/mountinfo', 'utf8'))!;
  expect(await chosen(['--cgroup', mount])).toEqual(['tracepoint', '']);
  expect(await chosen(['-a', '--engine', 'tracepoint'])).toEqual(['tracepoint', '']);
  const inside = ['unshare', '--pid', '--fork', '--mount-proc'];
  expect(await chosen(['-a'], inside)).toEqual([
    'tracepoint',
    expect.stringMatching(/^in a pid namespace of its own: /),
  ]);
  const untyped = [
    'unshare',
    '--mount',
    'sh',
    '-c',
    'mount -t tmpfs none /sys/kernel/btf && exec "$@"',
    'sh',
  ];
  expect(await chosen(['-a'], untyped)).toEqual(['tracepoint', expect.stringMatching(/BTF/)]);
});

test('without types of the kernel: one line that says so, status 2; tracepoints need none', async () => {
  const hidden = 'mount -t tmpfs none /sys/kernel/btf && exec "$@"';
  const within = (args: readonly string[]): readonly string[] => [
    ...['unshare', '--mount', 'sh', '-c', hidden, 'sh'],
    ...analyzerCommand([...args, '-q', '--', 'true']),
  ];
  const ended = await run(within(BPF));
  expect(ended).toMatchObject({ status: 2, stdout: '' });
  expect(ended.stderr).toMatch(/^error: --engine bpf: .*the kernel has no BTF.*\n$/);
  expect(await run(within(['--engine', 'tracepoint']))).toMatchObject({ status: 0 });
});

test('a replay of what was recorded with BPF is the live run, byte for byte', async () => {
  const file = join(scratch, 'bpf.data');
  const { report, faults } = await captureCommand(command('churn', '--turns', '300'), scratch, {
    args: [...BPF, '--record', file],
  });
  expect(report.completeness).toMatchObject({ difference: 0, lost: 0 });
  expect(faults.length).toBeGreaterThan(5000);
  const out = join(scratch, 'replayed.ndjson');
  await analyze(['-i', file, '--format', 'ndjson', '-o', out]);
  expect(readFileSync(out).equals(readFileSync(join(scratch, 'faults.ndjson')))).toBe(true);
});

test('COMMAND has the limit of locked memory that the analyzer was started with', async () => {
  const within = ['prlimit', '--memlock=65536:131072'];
  const { ended } = await captureCommand(['sh', '-c', 'ulimit -S -l; ulimit -H -l'], scratch, {
    args: BPF,
    within,
  });
  expect(ended.stdout).toMatch(/^64\n128\n/);
});

test('descriptors: at most 20 for each CPU', async () => {
  const { report } = await captureCommand(['true'], scratch, { args: BPF });
  const { descriptors, cpus } = report.capture;
  expect(descriptors / cpus).toBeLessThanOrEqual(20);
});

const TIMES = 50;
/** A thread that has faulted in the cgroup moves out before it takes its signals; one moves in. */
test.each(ENGINES)('%s: a thread is of the cgroup that it is in now', async (engine) => {
  const mount = cgroupMount(readFileSync('/proc/self/mountinfo', 'utf8'))!;
  const cgroup = join(mount, `pagefault-engine-${process.pid}`);
  mkdirSync(cgroup);
  try {
    const tracer = startAnalyzer([
      ...['--engine', engine, '-q', '--report-format', 'json', '--cgroup', cgroup],
    ]);
    await attached(tracer);
    const segv = command('segv', '--times', String(TIMES));
    const [inside, outside] = [cgroup, mount].map((path) => join(path, 'cgroup.procs'));
    const out = 'echo $$ > "$0"; (:); x=$(cat "$0"); echo $$ > "$1"; shift; exec "$@"';
    await run(['sh', '-c', out, inside!, outside!, ...segv]);
    const into = '(:); x=$(cat "$0"); echo $$ > "$0"; exec "$@"';
    await run(['sh', '-c', into, inside!, ...segv]);
    tracer.kill('SIGINT');
    const report = reportIn(await tracer.ended);
    expect(report.summary).toMatchObject({ error: 3 * TIMES });
    expect(report.capture.records).toMatchObject({ interrupted: 0 });
    expect(report.completeness).toMatchObject({ difference: 0, lost: 0 });
  } finally {
    if (existsSync(cgroup)) rmdirSync(cgroup);
  }
});
