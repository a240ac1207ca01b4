import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { ANALYZER } from '../test/support/build';
import { childrenOf } from '../test/support/processes';
import { attached, eventsOpened, type Running, until } from '../test/support/running';

/** What a tool has to show. */
export interface Shown {
  readonly captured: number;
  /** null: what is missing of the target's own number. */
  readonly lost: number | null;
}

interface Tracer {
  readonly id: string;
  readonly title: string;
  /**
   * Shortens the run for a tool that slows the target so much that the others' number of faults would take
   * minutes: rates are compared, not times.
   */
  readonly faultShare: number;
  /** What it wrote into its file, and said. */
  shown(output: string, said: string): Shown | Promise<Shown>;
}

export interface Attaching extends Tracer {
  readonly kind: 'attaches';
  command(pid: number, output: string): readonly string[];
  /** Waits until it has all of its events; `measure` is its parent. */
  opened(measure: Running): Promise<void>;
}

export interface Starting extends Tracer {
  readonly kind: 'starts';
  command(target: readonly string[], output: string): readonly string[];
}

export interface Untraced {
  readonly kind: 'none';
  readonly id: 'none';
  readonly title: string;
}

export type Tool = Untraced | Attaching | Starting;

export const EVENTS =
  'minor-faults,major-faults,exceptions:page_fault_user,exceptions:page_fault_kernel';

/** The tracer itself: `measure` is its parent. */
export function tracerOf(measure: Running): Promise<number> {
  return until(`the tracer (${measure.stderr})`, () => childrenOf(measure.pid)[0]);
}

/** Summary: major=1 minor=37 cow=12 error=3 lost=4 */
export function summary(text: string): Shown {
  const line = text.split('\n').findLast((one) => one.startsWith('Summary: '));
  if (line === undefined) throw new Error(`no summary: ${text}`);
  const counts = new Map(line.split(' ').map((word) => word.split('=') as [string, string]));
  const count = (name: string): number => Number(counts.get(name) ?? 0);
  return { captured: count('major') + count('minor') + count('cow'), lost: count('lost') };
}

function lastLines(file: string): string {
  return execFileSync('tail', ['-n', '3', file], { encoding: 'utf8', maxBuffer: 1 << 26 });
}

/** Of an analyzer that says its summary at the end, or behind a stream in its file. */
export function ours(
  id: string,
  title: string,
  options: readonly string[],
  engine: readonly string[] = [],
): Attaching {
  return {
    kind: 'attaches',
    id,
    title,
    faultShare: 1,
    command: (pid, output) => {
      const stream = options.length === 0 ? ['-q'] : [...options, '-o', output];
      return [ANALYZER, '--ready-fd', '3', ...engine, ...stream, '-p', String(pid)];
    },
    opened: attached,
    // The summary follows a text stream into its file, and goes to stdout or stderr otherwise.
    shown: (output, said) => summary(said.includes('Summary: ') ? said : lastLines(output)),
  };
}

/** perf's own count of samples per event: what was lost is what is missing. */
export function samplesIn(output: string): Shown {
  const stats = execFileSync('perf', ['report', '--stats', '-i', output], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 1 << 26,
  });
  let captured = 0;
  let event = '';
  for (const line of stats.split('\n')) {
    event = /^(\S+) stats:/.exec(line)?.[1] ?? event;
    const samples = /SAMPLE events:\s+(\d+)/.exec(line);
    if (samples !== null && /^(minor|major)-faults/.test(event)) captured += Number(samples[1]);
  }
  return { captured, lost: null };
}

async function linesIn(output: string): Promise<Shown> {
  let captured = 0;
  for await (const line of createInterface({ input: createReadStream(output) })) {
    if (/ (minfault|majfault) /.test(line)) captured += 1;
  }
  return { captured, lost: null };
}

export function perfRecord(id: string, options: readonly string[]): Attaching {
  return {
    kind: 'attaches',
    id,
    title: ['perf record -c 1 -d', ...options].join(' '),
    faultShare: 1,
    command: (pid, output) => [
      ...['perf', 'record', '-q', '-m', '8M', '-e', EVENTS, '-c', '1', '-d', ...options],
      ...['-o', output, '-p', String(pid)],
    ],
    opened: async (measure) => {
      await eventsOpened(measure, await tracerOf(measure));
    },
    shown: samplesIn,
  };
}

/** What is compared. */
export const TOOLS: readonly Tool[] = [
  { kind: 'none', id: 'none', title: 'untraced' },
  perfRecord('perf-record', []),
  {
    kind: 'starts',
    id: 'perf-trace',
    title: 'perf trace -F all',
    faultShare: 0.1,
    // With -p it does not follow the threads that the process starts later: it starts the process.
    command: (target, output) => [
      ...['perf', 'trace', '-F', 'all', '--no-syscalls', '-o', output, '--', ...target],
    ],
    shown: linesIn,
  },
  ours('quiet', 'pagefault-analyzer -q', []),
  ours('tracepoint', 'pagefault-analyzer -q --engine tracepoint', [], ['--engine', 'tracepoint']),
  ours('text', 'pagefault-analyzer -o FILE', ['--stream']),
  ours('csv', 'pagefault-analyzer --format csv -o FILE', ['--format', 'csv']),
  ours('ndjson', 'pagefault-analyzer --format ndjson -o FILE', ['--format', 'ndjson']),
];
