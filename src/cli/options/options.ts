import { resolve } from 'node:path';
import { GROUPING_WORDS } from '../../core/columns/owned-columns';
import { ENGINES } from '../../core/facts/capture-facts';
import { GROUPINGS, type GroupedBy } from '../../core/snapshot/process-groups';
import { isStarted, type Recording, type Target } from '../../core/facts/target';
import type { Effects, Options } from '../../app/options';
import { effectsOf } from './effects';
import { UsageError, parseArguments } from './parse';
import { stackOptions } from './stacks';
import { byteSize, choice, integer, percentage } from './values';

/** PID_MAX_LIMIT of 64-bit kernels. */
const PID_MAX = 4194304;
/** A descriptor is an int. */
const FD_MAX = 2 ** 31 - 1;
/** 256 MiB of 4 KiB pages per CPU: beyond that a typing error is likelier than a wish. */
const RING_PAGES_MAX = 65536;

/** Nothing is looked at: for --help and --version. */
interface NoTarget {
  readonly kind: 'none';
}

/** What the command line asks for. */
export interface CommandLine extends Omit<Options, 'target'> {
  readonly action: 'run' | 'help' | 'version';
  readonly target: Target | Recording | NoTarget;
}

/**
 * Options from the arguments after the program's name. `terminal`: without a target it is the whole machine, as top
 * does. Throws UsageError with one clear line.
 */
export function parseOptions(args: readonly string[], terminal = false): CommandLine {
  const { given, operands, separated } = parseArguments(args);
  const has = (name: string): boolean => given.has(name);
  const action = has('help') ? 'help' : has('version') ? 'version' : 'run';
  checkFiles(given);
  const asked = targetOf(given, operands, separated);
  const effects = effectsOf(given, asked.kind === 'none' || action !== 'run' || isStarted(asked));
  const target =
    asked.kind === 'none' && action === 'run' ? withoutTarget(terminal, effects) : asked;
  const format =
    choice('format', given.get('format'), ['text', 'csv', 'ndjson', 'folded'] as const) ?? 'text';
  const reportFormat = choice('report-format', given.get('report-format'), [
    'text',
    'json',
  ] as const);
  const report = reportFormat ?? (has('report') ? 'text' : 'none');
  return {
    action,
    target,
    children: !has('no-children'),
    ...effects,
    format,
    output: file('output', given.get('output')),
    quiet: has('quiet'),
    ...recording(given),
    ...timeRange(given),
    speed: speedOf(given.get('speed')),
    report,
    by: grouping(given, report),
    ...intervalOutputs(given, format),
    latency: has('latency'),
    symbols: has('symbols'),
    ...stackOptions(given, format, report, effects),
    naming: !has('no-symbols'),
    fixedTs: has('fixed-ts'),
    durationNs: seconds('duration', given.get('duration'), 1e-3, 1e8),
    count: integer('count', given.get('count'), 1, Number.MAX_SAFE_INTEGER),
    filter: given.get('filter') ?? null,
    dump: file('dump', given.get('dump')),
    intervalMs: (seconds('interval', given.get('interval'), 0.25, 10) ?? 1e9) / 1e6,
    chosen: new Set(LOOKS.filter(has)),
    ascii: has('ascii'),
    theme: choice('theme', given.get('theme'), ['dark', 'light', 'none'] as const) ?? 'dark',
    mouse: has('mouse'),
    exitWithTarget: has('exit-with-target'),
    commandOutput: file('command-output', given.get('command-output')),
    readyFd: integer('ready-fd', given.get('ready-fd'), 0, FD_MAX),
    ringPages: ringPages(given.get('ring-pages')),
    ...engineOf(given),
  };
}

/** A longer period finds no fault of most programs. */
const EVERY_MAX = 1_000_000;
/** What a sample cannot have: recordings keep no weights, no two samples are equal. */
const NOT_SAMPLED = ['record', 'fixed-ts'] as const;

type Sampled = Pick<Options, 'engine' | 'every' | 'budget'>;

function engineOf(given: ReadonlyMap<string, string>): Sampled {
  const engine = choice('engine', given.get('engine'), ENGINES);
  const every = integer('every', given.get('every'), 1, EVERY_MAX) ?? 1;
  const budget = percentage('budget', given.get('budget'));
  if (budget !== null && given.has('every')) {
    throw new UsageError('--every and --budget exclude each other: a budget says how many');
  }
  if (every === 1 && budget === null) return { engine, every, budget };
  const name = budget === null ? '--every' : '--budget';
  if (engine !== null && engine !== 'bpf') {
    throw new UsageError(
      `${name} needs --engine bpf: with ${engine} entries and completions of different faults would be picked`,
    );
  }
  const other = NOT_SAMPLED.find((option) => given.has(option));
  if (other !== undefined) throw new UsageError(`${name} and --${other} exclude each other`);
  return { engine: 'bpf', every, budget };
}

/** What processes are grouped by. Where and whose they are depends on who starts them. */
function grouping(given: ReadonlyMap<string, string>, report: Options['report']): GroupedBy | null {
  const by = choice('by', given.get('by'), GROUPINGS);
  if (by === null) return null;
  if (report === 'none' && !given.has('batch')) {
    throw new UsageError('--by has no effect without --report or --batch');
  }
  if (given.has('fixed-ts') && by !== 'process' && GROUPING_WORDS[by].timed) {
    throw new UsageError(`--fixed-ts and --by ${by} exclude each other`);
  }
  return by;
}

/** Of a stream of faults, which --batch puts tables in the place of. */
const OF_FAULTS = ['latency', 'symbols', 'weigh', 'quiet', 'fixed-ts'] as const;

function intervalOutputs(
  given: ReadonlyMap<string, string>,
  format: Options['format'],
): Pick<Options, 'batch' | 'openmetrics'> {
  const batch = given.has('batch');
  if (batch) {
    const other = OF_FAULTS.find((name) => given.has(name));
    if (other !== undefined) throw new UsageError(`--batch and --${other} exclude each other`);
    if (format === 'folded') throw new UsageError('--batch and --format folded exclude each other');
  }
  const openmetrics = file('openmetrics', given.get('openmetrics'));
  if (openmetrics !== null && !openmetrics.endsWith('.prom')) {
    throw new UsageError(
      `--openmetrics: '${openmetrics}' does not end in .prom: no collector would read it`,
    );
  }
  return { batch, openmetrics };
}

/** What the dashboard's settings have, too. */
const LOOKS = ['interval', 'theme', 'mouse'] as const;
const OF_CGROUPS = ['cgroup', 'unit', 'container'] as const;
const TARGETS = ['pid', 'all', 'name', ...OF_CGROUPS] as const;
/** As docker and podman cut them: fewer digits are a typing error. */
const CONTAINER_ID = /^[0-9a-fA-F]{6,64}$/;

function targetOf(
  given: ReadonlyMap<string, string>,
  operands: readonly string[],
  separated: boolean,
): Target | Recording | NoTarget {
  const [first, ...rest] = operands;
  const [option, other] = TARGETS.filter((name) => given.has(name));
  const input = given.get('input');
  if (input !== undefined) {
    if (option !== undefined) throw new UsageError(`-i and --${option} exclude each other`);
    if (first !== undefined) {
      throw new UsageError(`-i and a COMMAND ('${first}') exclude each other`);
    }
    return { kind: 'recording', file: file('input', input)! };
  }
  if (option !== undefined) {
    const shown = option === 'pid' ? '-p' : `--${option}`;
    if (first !== undefined) {
      throw new UsageError(`${shown} and a COMMAND ('${first}') exclude each other`);
    }
    if (other !== undefined) throw new UsageError(`${shown} and --${other} exclude each other`);
    return runningTarget(option, given.get(option)!, given.has('no-children'));
  }
  if (first !== undefined) {
    if (first === 'demo' && !separated) return { kind: 'demo', args: rest };
    return { kind: 'command', file: first, argv: operands };
  }
  return { kind: 'none' };
}

function runningTarget(
  option: (typeof TARGETS)[number],
  value: string,
  noChildren: boolean,
): Target {
  if (option === 'pid') return { kind: 'attach', pids: pidList(value) };
  if (noChildren) throw new UsageError(`--no-children has no effect with --${option}`);
  if (option === 'all') return { kind: 'all' };
  if (value === '') throw new UsageError(`--${option}: nothing was given`);
  if (option === 'name') return { kind: 'name', name: value };
  if (option === 'container' && !CONTAINER_ID.test(value)) {
    throw new UsageError(`--container: '${value}' is no id of 6 hexadecimal digits and more`);
  }
  return { kind: 'cgroup', by: option, name: value };
}

function withoutTarget(terminal: boolean, { view }: Effects): Target {
  if (terminal && view !== 'stream') return { kind: 'all' };
  throw new UsageError('nothing to trace: give -p PID, -a, a COMMAND, or demo');
}

function pidList(text: string): number[] {
  // As pidof and pgrep print them, and a person writes them.
  const list = text.trim().replace(/\s*,$/, '');
  if (list === '') throw new UsageError('-p: no process id was given');
  const pids = list.split(/\s*,\s*|\s+/).map((part) => {
    const pid = Number(part);
    if (!/^[0-9]{1,10}$/.test(part) || pid < 1 || pid > PID_MAX) {
      throw new UsageError(`-p: '${part}' is no process id`);
    }
    return pid;
  });
  return [...new Set(pids)];
}

function file(name: string, value: string | undefined): string | null {
  if (value === '') throw new UsageError(`--${name}: the file name is empty`);
  return value ?? null;
}

/** Files that nothing else may be written into: a recording, and what is replaced by another file. */
const ALONE = ['record', 'openmetrics', 'input'] as const;
const FILES = [...ALONE, 'output', 'dump', 'command-output'] as const;

function checkFiles(given: ReadonlyMap<string, string>): void {
  for (const one of ALONE) {
    const file = given.get(one);
    const other = FILES.find((name) => name !== one && sameFile(given.get(name), file));
    if (other !== undefined) throw new UsageError(`--${one} and --${other}: '${file}' is one file`);
  }
}

function sameFile(a: string | undefined, b: string | undefined): boolean {
  // Standard input and output are no file of this name.
  return a !== undefined && b !== undefined && a !== '-' && resolve(a) === resolve(b);
}

function timeRange(given: ReadonlyMap<string, string>): { fromNs: number; toNs: number } {
  const fromNs = seconds('from', given.get('from'), 0, 1e8) ?? 0;
  const toNs = seconds('to', given.get('to'), 0, 1e8) ?? Infinity;
  if (toNs <= fromNs) throw new UsageError('--to is not after --from');
  return { fromNs, toNs };
}

/** Beyond that no clock shows what happens. */
const SPEED_MAX = 1e6;

function speedOf(text: string | undefined): number {
  if (text === undefined) return 1;
  const speed = Number(text);
  if (!/^([0-9]+\.?[0-9]*|\.[0-9]+)$/.test(text) || speed > SPEED_MAX) {
    throw new UsageError(`--speed: '${text}' is no number from 0 to ${SPEED_MAX}`);
  }
  return speed;
}

function recording(
  given: ReadonlyMap<string, string>,
): Pick<Options, 'record' | 'compress' | 'recordLimit'> {
  const record = file('record', given.get('record'));
  const compress = given.has('compress');
  const recordLimit = byteSize('record-limit', given.get('record-limit'), RECORD_LIMIT_MIN);
  for (const name of ['compress', 'record-limit']) {
    if (given.has(name) && record === null)
      throw new UsageError(`--${name} has no effect without --record`);
  }
  if (record !== '-') return { record, compress, recordLimit };
  if (recordLimit !== null) throw new UsageError('--record-limit: a pipe keeps nothing');
  const streamed = OF_STDOUT.find((name) => given.has(name));
  if (streamed !== undefined && !given.has('output')) {
    throw new UsageError(
      `--record - and --${streamed}: standard output is the recording (-o FILE)`,
    );
  }
  if (given.has('tui')) throw new UsageError('--record - and --tui exclude each other');
  return { record, compress, recordLimit };
}

/** Four files of this are each large enough for the mappings at their head. */
const RECORD_LIMIT_MIN = 4 << 20;

/** What would go to standard output. */
const OF_STDOUT = ['format', 'stream', 'batch', 'latency', 'symbols', 'fixed-ts'] as const;

/** Seconds, decimals allowed, as whole ns: nine decimals name a fault. */
function seconds(name: string, text: string | undefined, min: number, max: number): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (!/^([0-9]+\.?[0-9]*|\.[0-9]+)$/.test(text) || value < min || value > max) {
    throw new UsageError(`--${name}: '${text}' is no number of seconds from ${min} to ${max}`);
  }
  return Math.round(value * 1e9);
}

function ringPages(text: string | undefined): number {
  const pages = integer('ring-pages', text, 1, RING_PAGES_MAX);
  if (pages !== null && (pages & (pages - 1)) !== 0) {
    throw new UsageError(`--ring-pages: ${pages} is no power of two`);
  }
  return pages ?? 0;
}
