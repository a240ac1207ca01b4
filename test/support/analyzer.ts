import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ANALYZER } from './build';
import type { Fault, Report } from './formats';
import { attached, Running, run, until } from './running';
import type { Ended, SpawnOptions } from './running';
import { truthRows } from './truth';
import type { TruthRow } from './truth';

export interface Capture {
  readonly ended: Ended;
  readonly faults: readonly Fault[];
  readonly report: Report;
  /** What the workload said it did. */
  readonly rows: readonly TruthRow[];
}

/** All live tests with one engine: PAGEFAULT_TEST_ENGINE=tracepoint npx jest test/live. */
const ENGINE = process.env.PAGEFAULT_TEST_ENGINE;

export function analyzerCommand(args: readonly string[]): string[] {
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  // What reads a recording or reports has none, and refuses the option.
  const captures = !own.includes('-i') && own[0] !== 'diff';
  const forced = ENGINE !== undefined && captures ? ['--engine', ENGINE] : [];
  return [ANALYZER, ...forced, ...args];
}

/** For --require: a callback of the analyzer throws when SIGUSR1 tells it to. */
export const THROWS_WHEN_TOLD =
  "process.on('SIGUSR1', () => { throw new Error('thrown on purpose'); });";

export function analyze(args: readonly string[], options: SpawnOptions = {}): Promise<Ended> {
  return run(analyzerCommand(args), options);
}

export function startAnalyzer(args: readonly string[], options: SpawnOptions = {}): Running {
  return new Running(analyzerCommand(['--ready-fd', '3', ...args]), {
    ...options,
    tellsReady: true,
  });
}

export async function readFaults(file: string): Promise<Fault[]> {
  const faults: Fault[] = [];
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (line.startsWith('{')) faults.push(JSON.parse(line) as Fault);
  }
  return faults;
}

/** The JSON report in an analyzer's output; fails with what it said instead. */
export function reportIn(ended: Ended): Report {
  const line = ended.stdout.split('\n').find((text) => text.startsWith('{"schema_version"'));
  if (line === undefined) {
    throw new Error(`no report: status ${ended.status}, ${ended.stderr}${ended.stdout}`);
  }
  return JSON.parse(line) as Report;
}

const EVERYTHING = ['--format', 'ndjson', '--report-format', 'json', '-o'];

/** Traces a COMMAND from its exec. */
export async function captureCommand(
  command: readonly string[],
  scratch: string,
  options: SpawnOptions & {
    readonly args?: readonly string[];
    /** A program that starts the analyzer. */
    readonly within?: readonly string[];
  } = {},
): Promise<Capture> {
  const file = join(scratch, 'faults.ndjson');
  const args = [...(options.args ?? []), ...EVERYTHING, file, '--', ...command];
  const ended = await run([...(options.within ?? []), ...analyzerCommand(args)], options);
  return {
    ended,
    faults: await readFaults(file),
    report: reportIn(ended),
    rows: truthRows(ended.stdout),
  };
}

/** A workload that waits to be told to begin (WORKLOAD_WAIT). */
export async function waiting(command: readonly string[]): Promise<Running> {
  const target = new Running(command, { env: { WORKLOAD_WAIT: '1' } });
  await until(`${command.join(' ')} to be ready`, () => target.stdout.includes('"ready"'));
  return target;
}

/** Attaches to a waiting workload, lets it run to its end, and the analyzer with it. */
export async function captureAttached(
  command: readonly string[],
  scratch: string,
  args: readonly string[] = [],
): Promise<Capture> {
  const target = await waiting(command);
  const file = join(scratch, 'faults.ndjson');
  const tracer = startAnalyzer([...args, ...EVERYTHING, file, '-p', String(target.pid)]);
  await attached(tracer);
  target.write('\n');
  const { stdout } = await target.ended;
  const ended = await tracer.ended;
  return {
    ended,
    faults: await readFaults(file),
    report: reportIn(ended),
    rows: truthRows(stdout),
  };
}
