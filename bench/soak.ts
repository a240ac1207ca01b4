import { spawnSync } from 'node:child_process';
import { analyzerCommand, reportIn } from '../test/support/analyzer';
import { workload } from '../test/support/build';
import { childrenOf, nameOf, resident } from '../test/support/processes';
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

/** Resident bytes of the analyzer and of the processes it started to help it, COMMAND left out; 0 when it has ended. */
function residentWithHelpers(pid: number): number {
  try {
    return sum([pid, ...helpersOf(pid)].map((each) => resident(each)));
  } catch {
    return 0;
  }
}

function helpersOf(pid: number): number[] {
  return childrenOf(pid)
    .filter((child) => nameOf(child).startsWith('pagefault-'))
    .flatMap((child) => [child, ...helpersOf(child)]);
}

/** The row of a storm: what the analyzer takes after a tenth of the time and at the end. */
async function rowOf({ title, command }: Storm, seconds: number): Promise<string> {
  const args = ['-q', '--report-format', 'json', '--', ...command];
  const tracer = new Running(analyzerCommand(args));
  const began = Date.now();
  const samples: number[] = [];
  let tenth = 0;
  const ended = await watched(tracer, SAMPLE_MS, () => {
    samples.push(residentWithHelpers(tracer.pid));
    if (tenth === 0 && Date.now() - began >= seconds * 100) tenth = samples.at(-1)!;
  });
  const { summary, completeness } = reportIn(ended);
  // The last sample with something in it: after it the analyzer is on its way out.
  const end = samples.filter((bytes) => bytes > 0).at(-2) ?? 0;
  const counts = [summary.faults!, completeness.lost].map(whole);
  const sizes = [tenth, end, Math.max(...samples)].map(mebibytes);
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
      '| storm | faults | lost | memory after a tenth | at the end | highest |',
      '| --- | ---: | ---: | ---: | ---: | ---: |',
      ...rows,
    ],
  };
}
