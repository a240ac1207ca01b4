import { cpus } from 'node:os';
import { workload } from '../test/support/build';
import { Running, sleep } from '../test/support/running';
import { say } from './bench';
import { type Completeness, DashboardTerminal } from './dashboard-terminal';
import { quantile } from './figures';

/** How much is measured. */
export interface Effort {
  readonly faults: number;
  readonly keys: number;
  /** Of each load whose CPU share is measured. */
  readonly seconds: number;
  readonly turns: number;
}

/** Share of one CPU that the analyzer takes, and what it captured meanwhile. */
export interface Share extends Completeness {
  readonly share: number;
}

interface Answers extends Share {
  /** ms */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

interface Memory extends Share {
  /** Bytes before most of the faults, at rest after them, and at the highest. */
  readonly early: number;
  readonly now: number;
  readonly most: number;
}

interface Times {
  readonly p50: number;
  readonly max: number;
}

/** The dashboard of the real program on live targets. */
export interface Live {
  /** ms from the command to the first full frame, and to the first rate in it. */
  readonly first: Times;
  readonly numbers: Times;
  readonly key: Answers;
  readonly idle: Share;
  readonly tenThousand: Share;
  readonly hundredThousand: Share;
  readonly storm: Share;
  readonly memory: Memory;
}

/** The last words of the last line of a full frame. */
const FULL_FRAME = 'q quit';
/** Of the heading, of a target that takes some. */
const FIRST_RATE = /MIN \d\S* [1-9]\S*\/s/;
/** What starting left behind is collected and compiled by then: a dashboard is left open for hours. */
const SETTLED_MS = 30_000;

export async function benchLive({ faults, keys, seconds, turns }: Effort): Promise<Live> {
  const everywhere = [workload('storm'), '--threads', String(cpus().length), '--seconds', '600'];
  const paced = (rate: number): string[] => [
    ...[workload('pace'), '--rate', String(rate), '--seconds', '600'],
  ];
  say('first frame');
  const { first, numbers } = await firstFrames(paced(1000), turns);
  say(`${keys} keys under a storm`);
  const key = await keyToPaint(everywhere, keys);
  say('CPU: idle, 10,000 and 100,000 faults/s, storm');
  const idle = await cpuShare(['sleep', '600'], seconds);
  const tenThousand = await cpuShare(paced(10_000), seconds);
  const hundredThousand = await cpuShare(paced(100_000), seconds);
  const storm = await cpuShare(everywhere, seconds);
  say(`${faults} faults in 10,000 regions`);
  const memory = await memoryAfter(faults);
  return { first, numbers, key, idle, tenThousand, hundredThousand, storm, memory };
}

/** Runs a target while `body` looks at it. */
async function withTarget<T>(
  command: readonly string[],
  body: (target: Running) => Promise<T>,
): Promise<T> {
  const target = new Running(command);
  try {
    return await body(target);
  } finally {
    target.kill('SIGKILL');
    await target.ended;
  }
}

/** What `body` measures in a dashboard of a target, with what that one captured. */
async function withDashboard<T extends object>(
  target: Running,
  body: (terminal: DashboardTerminal) => Promise<T>,
): Promise<T & Completeness> {
  const terminal = new DashboardTerminal(['-p', String(target.pid)]);
  await terminal.shown(FULL_FRAME);
  const measured = await body(terminal);
  return { ...measured, ...(await terminal.quit()) };
}

function firstFrames(
  target: readonly string[],
  turns: number,
): Promise<Pick<Live, 'first' | 'numbers'>> {
  return withTarget(target, async ({ pid }) => {
    const frames: number[] = [];
    const rates: number[] = [];
    for (let k = 0; k < turns; k++) {
      const terminal = new DashboardTerminal(['-p', String(pid)]);
      frames.push((await terminal.shown(FULL_FRAME)) - terminal.started);
      rates.push((await terminal.shown(FIRST_RATE)) - terminal.started);
      await terminal.quit();
    }
    const times = (ms: readonly number[]): Times => {
      return { p50: quantile(ms, 0.5), max: Math.max(...ms) };
    };
    return { first: times(frames), numbers: times(rates) };
  });
}

/** ms from a key to the frame that it brings, under as many faults as the machine can make. */
function keyToPaint(target: readonly string[], keys: number): Promise<Answers> {
  return withTarget(target, (running) =>
    withDashboard(running, async (terminal) => {
      await sleep(3000);
      const times: number[] = [];
      const share = await shareDuring(terminal, async () => {
        for (let k = 0; k < keys; k++) {
          const there = k % 2 === 0;
          times.push(await terminal.answer(there ? '2' : '1', there ? '2 Threads]' : '1 Regions]'));
          // Off the beat of the refreshes, so that some keys fall into one.
          await sleep(60 + Math.random() * 200);
        }
      });
      const p50 = quantile(times, 0.5);
      return { share, p50, p99: quantile(times, 0.99), max: Math.max(...times) };
    }),
  );
}

/** Share of one CPU that the analyzer takes, at its default refresh. */
function cpuShare(target: readonly string[], seconds: number): Promise<Share> {
  return withTarget(target, (running) =>
    withDashboard(running, async (terminal) => {
      await sleep(SETTLED_MS);
      return { share: await shareDuring(terminal, () => sleep(seconds * 1000)) };
    }),
  );
}

/** Memory after so many faults in 10,000 regions. */
function memoryAfter(faults: number): Promise<Memory> {
  const size = ['--regions', '10000', '--pages', '16'];
  const target = [workload('pace'), ...size, '--faults', String(faults)];
  return withTarget(target, (running) =>
    withDashboard(running, async (terminal) => {
      await sleep(3000);
      const early = terminal.memory().now;
      const share = await shareDuring(terminal, async () => {
        await running.ended;
      });
      await sleep(2500);
      return { early, ...terminal.memory(), share };
    }),
  );
}

async function shareDuring(
  terminal: DashboardTerminal,
  body: () => Promise<void>,
): Promise<number> {
  const began = process.hrtime.bigint();
  const cpu = terminal.cpuNs();
  await body();
  return (terminal.cpuNs() - cpu) / Number(process.hrtime.bigint() - began);
}
