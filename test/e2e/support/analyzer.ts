import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ANALYZER } from './build';
import { attached, Running, run, until } from './running';
import type { Ended, SpawnOptions } from './running';
import { truthRows } from './truth';
import type { TruthRow } from './truth';

/** One record of the NDJSON stream (command-line contract). */
export interface Fault {
  readonly time_ns: number;
  readonly pid: number;
  readonly tid: number;
  readonly comm: string;
  readonly class: string;
  readonly cause: string;
  readonly address: string;
  readonly ip: string | null;
  readonly access: string | null;
  readonly mode: string;
  readonly region_kind: string;
  readonly region: string;
  readonly section: string | null;
  readonly file: string | null;
  readonly file_offset: number | null;
  readonly latency_ns: number | null;
  readonly error_code: number | null;
}

/** The part of the JSON report that the tests look at. */
export interface Report {
  readonly schema_version: number;
  readonly summary: Readonly<Record<string, number>>;
  readonly completeness: {
    readonly captured: number;
    readonly lost: number;
    readonly kernel: number;
    readonly difference: number;
    readonly comparable: boolean;
    /** Faults that /proc/PID/stat counts and the kernel does not report. */
    readonly beyond: {
      readonly at_least: number;
      readonly at_most: number | null;
      readonly processes_gone: number;
    } | null;
    readonly in_flight: number;
    readonly in_flight_stall_ns: number;
  };
  readonly capture: {
    readonly entry_source: string;
    readonly user_only: boolean;
    readonly threads: number;
    readonly ring_bytes: number;
    readonly limits: readonly string[];
    readonly records: Readonly<Record<string, number>>;
  };
  readonly threads: readonly Readonly<Record<string, unknown>>[];
  readonly processes: readonly Readonly<Record<string, unknown>>[];
  readonly regions: readonly Readonly<Record<string, unknown>>[];
}

export interface Capture {
  readonly ended: Ended;
  readonly faults: readonly Fault[];
  readonly report: Report;
  /** What the workload said it did. */
  readonly rows: readonly TruthRow[];
}

export function analyzerCommand(args: readonly string[]): string[] {
  return [ANALYZER, ...args];
}

export function analyze(args: readonly string[], options: SpawnOptions = {}): Promise<Ended> {
  return run(analyzerCommand(args), options);
}

export function startAnalyzer(args: readonly string[], options: SpawnOptions = {}): Running {
  return new Running(analyzerCommand(args), options);
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
