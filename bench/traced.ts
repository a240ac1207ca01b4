import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { waiting } from '../test/support/analyzer';
import { compiled, ROOT } from '../test/support/build';
import { cpuNs, resident } from '../test/support/processes';
import { Running } from '../test/support/running';
import type { Target } from './targets';
import { type Attaching, type Shown, type Starting, type Tool, tracerOf } from './tools';
import { watched } from './watching';

/** What one run of one tool on one target gave. */
export interface Sample {
  readonly speed: number;
  /** null for a run without a tool. */
  readonly tracer: {
    /** s of user and system time. */
    readonly cpuPerFault: number;
    /** Peak resident bytes. */
    readonly rss: number;
    readonly lost: number;
    readonly faults: number;
  } | null;
}

interface Cost {
  /** s */
  readonly cpu: number;
  readonly rss: number;
}

/** Runs a command and says in a file what it cost. */
const measure = (): string => compiled('measure', [join(ROOT, 'bench', 'measure.c')]);

export async function traced(tool: Tool, target: Target, directory: string): Promise<Sample> {
  switch (tool.kind) {
    case 'none':
      return untraced(target);
    case 'attaches':
      return attachedTo(tool, target, directory);
    case 'starts':
      return startedBy(tool, target, directory);
  }
}

async function untraced(target: Target): Promise<Sample> {
  const running = await waiting(target.command(1));
  running.write('\n');
  return { speed: target.speed((await running.ended).stdout), tracer: null };
}

async function attachedTo(tool: Attaching, target: Target, directory: string): Promise<Sample> {
  const running = await waiting(target.command(tool.faultShare));
  const output = join(directory, 'output');
  const cost = join(directory, 'cost.json');
  const command = [measure(), cost, ...tool.command(running.pid, output)];
  const tracer = new Running(command, { tellsReady: true });
  await tool.opened(tracer);
  running.write('\n');
  const { stdout } = await running.ended;
  const shown = await outcome(tool, tracer, output);
  const spent = JSON.parse(readFileSync(cost, 'utf8')) as Record<string, number>;
  return sample(target, stdout, shown, { cpu: spent.user! + spent.system!, rss: spent.rss! });
}

/** A tool that starts the target: rusage would count both, so its cost is looked at as it runs. */
async function startedBy(tool: Starting, target: Target, directory: string): Promise<Sample> {
  const output = join(directory, 'output');
  const command = tool.command(target.command(tool.faultShare), output);
  const tracer = await waiting([measure(), join(directory, 'cost.json'), ...command]);
  const pid = await tracerOf(tracer);
  let cost = costNow(pid);
  tracer.write('\n');
  await watched(tracer, 20, () => {
    cost = costNow(pid) ?? cost;
  });
  if (cost === null) throw new Error(`${tool.title}: ended before it began`);
  return sample(target, tracer.stdout, await outcome(tool, tracer, output), cost);
}

/** What a process itself, without its children, has cost so far; null when it has ended. */
function costNow(pid: number): Cost | null {
  try {
    return { rss: resident(pid, true), cpu: cpuNs(pid) / 1e9 };
  } catch {
    return null;
  }
}

/** What a tracer has to show, once it has ended. */
async function outcome(
  tool: Attaching | Starting,
  tracer: Running,
  output: string,
): Promise<Shown> {
  const { status, stdout, stderr } = await tracer.ended;
  if (status !== 0) throw new Error(`${tool.title}: status ${status}: ${stderr}`);
  const shown = await tool.shown(output, stdout + stderr);
  rmSync(output, { force: true });
  return shown;
}

function sample(target: Target, stdout: string, { captured, lost }: Shown, cost: Cost): Sample {
  const faults = target.faults(stdout) ?? captured;
  return {
    speed: target.speed(stdout),
    tracer: {
      cpuPerFault: cost.cpu / faults,
      rss: cost.rss,
      lost: lost ?? Math.max(0, faults - captured),
      faults,
    },
  };
}
