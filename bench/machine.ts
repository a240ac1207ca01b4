import { mkdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { reportIn, waiting } from '../test/support/analyzer';
import { ANALYZER, workload } from '../test/support/build';
import { perfCounts } from '../test/support/perf';
import { childrenOf, cpuNs, descriptors, proportional } from '../test/support/processes';
import { attached, eventsOpened, Running, run, sleep, until } from '../test/support/running';
import { removeScratch, scratchDirectory } from '../test/support/scratch';
import { cgroupMount } from '../src/sources/live/cgroups';
import { type Asked, say, type Section } from './bench';
import { DashboardTerminal } from './dashboard-terminal';
import { mebibytes, median, quantile, sum, whole } from './figures';
import { sectionHead } from './section';
import { build, storm, type Target } from './targets';
import { EVENTS, samplesIn, type Shown, summary } from './tools';
import { withTracefs } from './tracefs';

const IDLE = 2000;
const REST_SECONDS = 10;
/** Files of a build. */
const BUILT = 12;
/** What a process that has just started still does: V8 compiles what runs often. */
const SETTLED_MS = 30_000;
const FULL_FRAME = 'q quit';

/** A measured value, and what it is to be. */
interface Row {
  readonly what: string;
  readonly bar: string;
  readonly value: string;
}

/** The whole machine: start, rest, descriptors, storms, a build, counts. */
export async function machine({ turns, faults, load }: Asked): Promise<Section> {
  const scratch = scratchDirectory();
  try {
    const rows: Row[] = [];
    const add = (more: readonly Row[]): void => {
      for (const { what, value } of more) say(`  ${what}: ${value}`);
      rows.push(...more);
    };
    await withTracefs(async () => {
      add(await amongIdle(turns));
      add(await storms(turns, faults, scratch));
      add(await builds(turns, scratch));
      add(await counts());
      add(await outside(turns, faults));
    });
    return {
      name: 'machine',
      lines: [
        ...sectionHead('The whole machine', `machine --turns ${turns} --faults ${faults}`, load),
        `\`-a\`; medians of ${turns} runs, tools and untraced runs in turn.`,
        '',
        '| what | measured | to be |',
        '| --- | ---: | --- |',
        ...rows.map(({ what, bar, value }) => `| ${what} | ${value} | ${bar} |`),
      ],
    };
  } finally {
    removeScratch(scratch);
  }
}

/**
 * The dashboard among processes that rest. What it costs then is taken of a cgroup of their own: with others on it a machine
 * is not at rest.
 */
async function amongIdle(turns: number): Promise<Row[]> {
  say(`${IDLE} idle processes`);
  return inCgroup(async (cgroup) => {
    const family = new Running(
      [
        ...['sh', '-c', 'echo $$ > "$0" && exec "$@"', join(cgroup, 'cgroup.procs')],
        ...[workload('family'), '--workers', String(IDLE), '--children', '0'],
        ...['--threads', '0', '--pages', '1'],
      ],
      { env: { WORKLOAD_WAIT: '1' } },
    );
    await until('the family', () => family.stdout.includes('"ready"'));
    try {
      return [...(await untilSeen(turns)), ...(await atRest(cgroup, family))];
    } finally {
      family.closeInput();
      await family.ended;
    }
  });
}

async function untilSeen(turns: number): Promise<Row[]> {
  const frames: number[] = [];
  const firsts: number[] = [];
  for (let turn = 0; turn < turns; turn++) {
    const terminal = new DashboardTerminal(['-a']);
    frames.push((await terminal.shown(FULL_FRAME)) - terminal.started);
    const began = performance.now();
    const hot = new Running([workload('pace'), '--rate', '1000', '--seconds', '600']);
    firsts.push((await terminal.shown(String(hot.pid))) - began);
    hot.kill('SIGKILL');
    await hot.ended;
    await terminal.quit();
  }
  return [
    {
      what: `first full frame, ${whole(IDLE)} idle processes`,
      bar: 'within 1 s',
      value: `${median(frames).toFixed(0)} ms (worst ${Math.max(...frames).toFixed(0)})`,
    },
    {
      what: 'a process that begins to fault is on the screen after',
      bar: 'refresh (1 s) + 0.5 s',
      value: `${median(firsts).toFixed(0)} ms (worst ${Math.max(...firsts).toFixed(0)})`,
    },
  ];
}

/** Runs something with a cgroup that is there for it, and goes with it. */
async function inCgroup<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const mount = cgroupMount(readFileSync('/proc/self/mountinfo', 'utf8'));
  if (mount === null) throw new Error('cgroup v2 is not mounted');
  const cgroup = join(mount, `pagefault-bench-${process.pid}`);
  mkdirSync(cgroup);
  try {
    return await use(cgroup);
  } finally {
    await until('its end', () => readFileSync(join(cgroup, 'cgroup.procs'), 'utf8') === '');
    rmdirSync(cgroup);
  }
}

async function atRest(cgroup: string, family: Running): Promise<Row[]> {
  const own = await resting(['--cgroup', cgroup], () => {
    family.write('\n');
  });
  const all = await resting(['-a']);
  return [
    {
      what: 'CPU while they rest and each has faulted, with its readers (`--batch --cgroup`)',
      bar: 'below 2 % of one core',
      value: `${(own.share * 100).toFixed(1)} %`,
    },
    {
      what: `the same of \`-a\`, where others took ${whole(Math.round(all.faults))} faults a second`,
      bar: 'that, and what those cost',
      value: `${(all.share * 100).toFixed(1)} %`,
    },
    {
      what: 'memory, with its readers',
      bar: 'below 200 MB',
      value: mebibytes(Math.max(own.memory, all.memory)),
    },
    {
      what: 'descriptors',
      bar: `at most ${24 * cpus().length + 64}`,
      value: String(Math.max(own.open, all.open)),
    },
  ];
}

interface Rest {
  /** Of one CPU. */
  readonly share: number;
  /** Bytes. */
  readonly memory: number;
  /** Descriptors. */
  readonly open: number;
  /** A second, of the machine. */
  readonly faults: number;
}

async function resting(target: readonly string[], begun = (): void => undefined): Promise<Rest> {
  const program = new Running([ANALYZER, '--batch', ...target, '--ready-fd', '3'], {
    tellsReady: true,
  });
  await attached(program);
  begun();
  await sleep(SETTLED_MS);
  const pids = [program.pid, ...childrenOf(program.pid)];
  const spent = (): number => sum(pids.map(cpuNs));
  const began = process.hrtime.bigint();
  const [before, faults] = [spent(), faultsOfTheMachine()];
  await sleep(REST_SECONDS * 1000);
  const ns = Number(process.hrtime.bigint() - began);
  const rest = {
    share: (spent() - before) / ns,
    memory: sum(pids.map(proportional)),
    open: descriptors(program.pid).length,
    faults: ((faultsOfTheMachine() - faults) * 1e9) / ns,
  };
  program.kill('SIGINT');
  await program.ended;
  return rest;
}

/** pgfault of /proc/vmstat. */
function faultsOfTheMachine(): number {
  return Number(/^pgfault (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))![1]);
}

interface Tool {
  /** By its descriptor 3, that it has begun. */
  readonly tellsReady: boolean;
  readonly command: (output: string) => readonly string[];
  readonly opened: (tracer: Running) => Promise<void>;
  readonly shown: (output: string, said: string) => Shown;
}

const OURS: Tool = {
  tellsReady: true,
  command: () => [ANALYZER, '-a', '-q', '--ready-fd', '3'],
  opened: attached,
  shown: (_, said) => summary(said),
};
const PERF: Tool = {
  tellsReady: false,
  command: (output) => [
    ...['perf', 'record', '-q', '-a', '-m', '8M', '-e', EVENTS, '-c', '1', '-d', '-o', output],
  ],
  opened: (tracer) => eventsOpened(tracer),
  shown: samplesIn,
};

interface Sample {
  readonly speed: number;
  readonly shown: Shown | null;
}

async function under(tool: Tool | null, target: Target, output: string): Promise<Sample> {
  const running = await waiting(target.command(1));
  const tracer =
    tool === null ? null : new Running(tool.command(output), { tellsReady: tool.tellsReady });
  if (tracer !== null) await tool!.opened(tracer);
  running.write('\n');
  const { stdout } = await running.ended;
  tracer?.kill('SIGINT');
  const end = await tracer?.ended;
  const shown = end === undefined ? null : tool!.shown(output, end.stdout + end.stderr);
  rmSync(output, { force: true });
  return { speed: target.speed(stdout), shown };
}

interface Slowdown {
  readonly percent: number;
  readonly shown: readonly Shown[];
  /** Of all runs. */
  readonly lost: number;
}

/** How much longer it takes under each of some tools, in percent; of one run after the other. */
async function slowdowns(
  tools: readonly Tool[],
  target: Target,
  turns: number,
  output: string,
): Promise<Slowdown[]> {
  const plain: number[] = [];
  const all = tools.map((): Sample[] => []);
  for (let turn = 0; turn < turns; turn++) {
    plain.push((await under(null, target, output)).speed);
    for (const [k, tool] of tools.entries()) all[k]!.push(await under(tool, target, output));
  }
  return all.map((samples) => {
    const shown = samples.flatMap((sample) => sample.shown ?? []);
    return {
      percent: (median(plain) / median(samples.map(({ speed }) => speed)) - 1) * 100,
      shown,
      lost: sum(shown.map(({ lost }) => lost ?? 0)),
    };
  });
}

async function storms(turns: number, faults: number, scratch: string): Promise<Row[]> {
  say('a storm on all CPUs under -a and perf record -a');
  const target = storm('storm', cpus().length, faults);
  const [ours, perf] = await slowdowns([OURS, PERF], target, turns, join(scratch, 'perf.data'));
  return [
    { what: 'storm on all CPUs: lost', bar: '0', value: whole(ours!.lost) },
    {
      what: 'storm on all CPUs: takes longer by',
      bar: `not more than perf record -a: ${perf!.percent.toFixed(0)} %`,
      value: `${ours!.percent.toFixed(0)} %`,
    },
  ];
}

async function builds(turns: number, scratch: string): Promise<Row[]> {
  say('make -j2 under -a');
  const [ours] = await slowdowns([OURS], build(scratch, BUILT), turns, join(scratch, 'none'));
  return [
    {
      what: `\`make -j2\` of ${BUILT} C++ files: takes longer by`,
      bar: 'at most 3 %',
      value: `${ours!.percent.toFixed(1)} %`,
    },
    { what: '`make -j2`: lost', bar: '0', value: whole(ours!.lost) },
  ];
}

/** Our counts beside those of perf stat -a, around a million faults; what begins or ends in between is what vmstat has then. */
async function counts(): Promise<Row[]> {
  say('counts beside perf stat -a');
  const tracer = new Running(
    [ANALYZER, '-a', '-q', '--report-format', 'json', '--no-symbols', '--ready-fd', '3'],
    { tellsReady: true },
  );
  await attached(tracer);
  const each = String(Math.round(1e6 / cpus().length));
  // What perf has counted before the first look, and after the second, is a few hundred.
  const look = 'grep "^pgfault " /proc/vmstat';
  const perf = await run(
    [
      ...['perf', 'stat', '-a', '-x', ',', '-e', 'minor-faults,major-faults'],
      ...['sh', '-c', `${look}; "$@"; ${look}`, 'sh'],
      ...[workload('storm'), '--threads', String(cpus().length), '--faults', each],
    ],
    { input: '\n' },
  );
  tracer.kill('SIGINT');
  const { completeness } = reportIn(await tracer.ended);
  const { minor, major } = perfCounts(perf);
  const { captured, lost, machine: vmstat } = completeness;
  const ours = captured + lost + vmstat!.own;
  const [first, last] = [...perf.stdout.matchAll(/^pgfault (\d+)$/gm)].map(([, n]) => Number(n));
  const outside = vmstat!.pgfault - (last! - first!);
  const percent = ((ours - outside - minor - major) / (minor + major)) * 100;
  return [
    {
      what: `a million faults: ${whole(ours)} with our own, ${whole(outside)} of them outside of perf's run; perf stat -a ${whole(minor + major)}`,
      bar: 'below 0.1 %, start and end explained',
      value: `${percent.toFixed(2)} %`,
    },
  ];
}

/** What a storm outside of a cgroup that is watched pays for it. */
async function outside(turns: number, faults: number): Promise<Row[]> {
  say('a storm outside of a cgroup that is watched');
  return inCgroup(async (cgroup) => {
    const watching: Tool = {
      ...OURS,
      command: () => [ANALYZER, '--cgroup', cgroup, '-q', '--ready-fd', '3'],
    };
    const target = storm('storm', cpus().length, faults);
    const [ours] = await slowdowns([watching], target, turns, join('/nonexistent', 'none'));
    const captured = quantile(
      ours!.shown.map((shown) => shown.captured),
      1,
    );
    return [
      {
        what: `\`--cgroup\`: a storm outside takes longer by (captured of it: ${whole(captured)})`,
        bar: 'below 2 %',
        value: `${ours!.percent.toFixed(1)} %`,
      },
    ];
  });
}
