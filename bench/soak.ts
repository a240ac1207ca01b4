import { spawnSync } from 'node:child_process';
import { analyzerCommand, reportIn } from '../test/support/analyzer';
import { workload } from '../test/support/build';
import { childrenOf, nameOf, proportional } from '../test/support/processes';
import { Running } from '../test/support/running';
import { type Asked, Refusal, say, type Section } from './bench';
import { mebibytes, sum, whole } from './figures';
import { sectionHead } from './section';
import { watched } from './watching';

const SAMPLE_MS = 500;

interface Storm {
  readonly title: string;
  readonly command: readonly string[];
}

function storms(seconds: number): Storm[] {
  const stressNg = (name: string): string[] => [
    ...['stress-ng', '--quiet', `--${name}`, '1', '--timeout', String(seconds)],
  ];
  const faults = [workload('storm'), '--threads', '2', '--seconds', String(seconds)];
  return [
    { title: 'faults', command: faults },
    { title: 'forks', command: stressNg('fork') },
    { title: 'mappings', command: stressNg('mmapmany') },
  ];
}

const HELPER = 'pagefault-';

/** Bytes that the analyzer and the processes it started to help it take, COMMAND left out; undefined when it is ending. */
function withHelpers(pid: number): number | undefined {
  try {
    return sum([pid, ...helpersOf(pid)].map(proportional));
  } catch {
    return undefined;
  }
}

/** One that ends meanwhile has no children any more. */
function helpersOf(pid: number): number[] {
  return childrenOf(pid)
    .filter((child) => nameOf(child).startsWith(HELPER))
    .flatMap((child) => [child, ...helpersOf(child)]);
}

/** Whether COMMAND has ended, after which the report is made. */
function reporting(pid: number): boolean {
  try {
    return childrenOf(pid).every((child) => nameOf(child).startsWith(HELPER));
  } catch {
    return false;
  }
}

/** The row of a storm: what the analyzer takes after a tenth of the time, at its end, and for the report behind it. */
async function rowOf({ title, command }: Storm, seconds: number): Promise<string> {
  const args = ['-q', '--report-format', 'json', '--', ...command];
  const tracer = new Running(analyzerCommand(args));
  const began = Date.now();
  const storm: number[] = [];
  const report: number[] = [];
  let tenth = 0;
  const ended = await watched(tracer, SAMPLE_MS, () => {
    const bytes = withHelpers(tracer.pid);
    if (bytes === undefined) return;
    (reporting(tracer.pid) ? report : storm).push(bytes);
    if (tenth === 0 && Date.now() - began >= seconds * 100) tenth = bytes;
  });
  const { summary, completeness } = reportIn(ended);
  const counts = [summary.faults!, completeness.lost].map(whole);
  const most = [storm, report].map((samples) => Math.max(0, ...samples));
  const sizes = [tenth, storm.at(-1)!, ...most].map(mebibytes);
  return `| ${[title, ...counts, ...sizes].join(' | ')} |`;
}

/**
 * Memory of the analyzer under storms of faults, forks and mappings that go on and on. Flat: what it takes after
 * a tenth of the time is what it takes in the end.
 */
export async function soak({ seconds, load }: Asked): Promise<Section> {
  if (spawnSync('stress-ng', ['--version']).status !== 0) throw new Refusal('soak needs stress-ng');
  const rows: string[] = [];
  for (const storm of storms(seconds)) {
    rows.push(await rowOf(storm, seconds));
    say(rows.at(-1)!);
  }
  return {
    name: 'soak',
    lines: [
      ...sectionHead(`Memory in ${seconds} s of each storm`, `soak --seconds ${seconds}`, load),
      'Proportional set sizes, the processes that read names among them: one for each file that is named.',
      '',
      '| storm | faults | lost | memory after a tenth | at its end | highest | for the report |',
      '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
      ...rows,
    ],
  };
}
