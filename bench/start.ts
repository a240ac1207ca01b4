import { performance } from 'node:perf_hooks';
import { ANALYZER, workload } from '../test/support/build';
import { Running } from '../test/support/running';
import type { Asked, Section } from './bench';
import { quantile } from './figures';
import { sectionHead } from './section';

const TURNS = 15;

/** ms from starting the analyzer to the first line of its stream. */
async function firstFault(args: readonly string[]): Promise<number> {
  const began = performance.now();
  const tracer = new Running([ANALYZER, '--stream', ...args]);
  const ended = await Promise.race([tracer.spoke, tracer.ended]);
  if (ended !== undefined) throw new Error(`no fault: ${ended.stderr}`);
  const took = performance.now() - began;
  tracer.kill('SIGINT');
  await tracer.ended;
  return took;
}

async function times(args: readonly string[]): Promise<number[]> {
  const all: number[] = [];
  for (let turn = 0; turn < TURNS; turn++) all.push(await firstFault(args));
  return all;
}

/** The same for a process that runs: one of its threads faults, the others sleep. */
async function attachedTo(sleepers: number): Promise<number[]> {
  const target = new Running([...pace(), '--sleepers', String(sleepers)]);
  try {
    return await times(['-p', String(target.pid)]);
  } finally {
    target.kill('SIGKILL');
    await target.ended;
  }
}

const pace = (): string[] => [workload('pace'), '--rate', '2000', '--seconds', '3000'];

/** How long after the command the first fault is printed. */
export async function start({ load }: Asked): Promise<Section> {
  const measured: readonly (readonly [string, readonly number[]])[] = [
    ['a COMMAND', await times(['--', ...pace()])],
    ['`-p` of a process of one thread', await attachedTo(0)],
    ['`-p` of a process of 1,000 threads', await attachedTo(999)],
  ];
  return {
    name: 'start',
    lines: [
      ...sectionHead('The start', 'start', load),
      `From the command to the first printed fault, Node's own start (50 ms) in it; ${TURNS} runs.`,
      '',
      '| target | median | worst |',
      '| --- | ---: | ---: |',
      ...measured.map(
        ([title, all]) =>
          `| ${title} | ${quantile(all, 0.5).toFixed(0)} ms | ${Math.max(...all).toFixed(0)} ms |`,
      ),
    ],
  };
}
