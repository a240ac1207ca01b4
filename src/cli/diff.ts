import { Buffer } from 'node:buffer';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { compare, exceeds, SORTS } from '../core/compare/compare';
import type { Comparison, Sort } from '../core/compare/compare';
import { COMPARED } from '../core/compare/run-facts';
import type { Compared, RunFacts } from '../core/compare/run-facts';
import { describeError, Exit } from '../core/facts/errors';
import { diffCsv, diffJson } from '../output/diff/machine';
import { diffText } from '../output/diff/text';
import { foldedDiff } from '../output/diff/folded';
import { readRun } from '../app/compared-run';
import type { Options } from '../app/options';
import { Outlets } from '../app/outlets';
import type { Comparisons } from '../tui/state/source';
import { parseOptions } from './options/options';
import { UsageError } from './options/parse';
import { choice } from './options/values';
import type { Startup } from './startup';
import { say } from './stderr';
import { version } from './version';

/** B exceeds A by more than --fail-over. */
const EXCEEDED = 1;
/** Unlike elsewhere: 1 is a verdict here. */
const FAILED = Exit.CONFIGURATION;

const USAGE = `usage: pagefault-analyzer diff [OPTIONS] A B

Compares two runs: JSON reports (--report-format json) or recordings. A and B may be lists of runs, separated by
commas: medians are compared then, and with four and more on each side a Mann-Whitney test. - is standard input.

  --by WHAT               region, call-site, cause or process (region)
  --sort WHAT             stall or faults: the order, and what --fail-over judges (stall)
  --report-format FORMAT  text, json or csv (text)
  --format folded         stacks, with their faults in A and in B, as difffolded.pl gives them
  --tui                   in the dashboard: Tab groups by another, / filters, < > sort, Enter shows each run
  --theme, --ascii, --mouse   its looks, as elsewhere
  --fail-over PERCENT     status 1 where the total of B exceeds that of A by more, and not by chance
  -h, --help              this text

Status: 0, 1 with --fail-over, 2 for whatever went wrong.
`;

/** What is asked of a comparison. */
interface DiffOptions {
  readonly by: Compared;
  readonly sort: Sort;
  readonly format: 'text' | 'json' | 'csv' | 'folded' | 'tui';
  /** How the dashboard looks. */
  readonly looks: Options;
  readonly failOver: number | null;
  readonly a: readonly string[];
  readonly b: readonly string[];
}

/** `diff`: its own options, exit status out. `startup` is looked at where there is a screen. Never rejects. */
export async function runDiff(args: readonly string[], startup: () => Startup): Promise<number> {
  try {
    const asked = diffOptions(args);
    return asked === null ? await print(USAGE, Exit.OK) : await compareRuns(asked, startup);
  } catch (error) {
    const usage = error instanceof UsageError;
    const line = usage
      ? `error: ${error.message} (see diff --help)`
      : describeError(error, { command: '', pids: [] }).line;
    say(line);
    return FAILED;
  }
}

type Runs = readonly Readonly<Record<Compared, RunFacts>>[];

async function compareRuns(asked: DiffOptions, startup: () => Startup): Promise<number> {
  const { by, sort, format, failOver, a, b } = asked;
  // What only a screen needs is loaded there.
  const screen = format === 'tui' ? await import('./diff-dashboard') : null;
  screen?.needsTerminal();
  const read = async (files: readonly string[]): Promise<Runs> => {
    const runs = [];
    // One after the other: each takes the memory of a run.
    for (const file of files) runs.push(await readRun(file, recordingOptions(file), version()));
    return runs;
  };
  const sides = [await read(a), await read(b)] as const;
  const [runsA, runsB] = sides.map((runs) => runs.map((run) => run[by])) as [
    RunFacts[],
    RunFacts[],
  ];
  const comparison = compare(runsA, runsB, sort);
  const status = failOver !== null && exceeds(comparison, failOver) ? EXCEEDED : Exit.OK;
  if (screen !== null) {
    const all = compareBy(sides, sort);
    const good = await screen.showComparison(all, by, asked.looks, startup());
    return good ? status : FAILED;
  }
  const texts = {
    text: () => diffText(comparison, by.toUpperCase()),
    json: () => diffJson(comparison, by, version()),
    csv: () => diffCsv(comparison),
    folded: () => foldedDiff(runsA, runsB),
  };
  return print(texts[format as keyof typeof texts](), status);
}

function compareBy([a, b]: readonly [Runs, Runs], sort: Sort): Comparisons {
  const of = (by: Compared): Comparison =>
    compare(
      a.map((run) => run[by]),
      b.map((run) => run[by]),
      sort,
    );
  return Object.fromEntries(COMPARED.map((by) => [by, of(by)])) as Record<Compared, Comparison>;
}

/** With what a recording is read for a comparison, or what a screen looks like. */
function recordingOptions(file: string, looks?: readonly string[]): Options {
  const read = ['-q', '--report-format', 'json', '--stacks', 'fp'];
  const asked = [...(looks ?? read), `--input=${file}`];
  const { target, ...options } = parseOptions(asked);
  if (target.kind !== 'recording') throw new Error('--input is a recording');
  return { ...options, target };
}

/** null for --help. Throws UsageError. */
function diffOptions(args: readonly string[]): DiffOptions | null {
  const { values, positionals } = parsedArguments(args);
  if (values.help === true) return null;
  const [a, b, more] = positionals;
  if (a === undefined || b === undefined || more !== undefined) {
    throw new UsageError('diff compares two: A and B');
  }
  const report = choice('report-format', values['report-format'], ['text', 'json', 'csv'] as const);
  const folded = choice('format', values.format, ['folded'] as const);
  if (folded !== null && report !== null) {
    throw new UsageError('--format and --report-format exclude each other');
  }
  const tui = values.tui === true;
  if (tui && (report ?? folded) !== null) {
    throw new UsageError('--tui shows what --format and --report-format would print');
  }
  return {
    by: choice('by', values.by, COMPARED) ?? 'region',
    sort: choice('sort', values.sort, SORTS) ?? 'stall',
    format: tui ? 'tui' : (folded ?? report ?? 'text'),
    looks: looksOf(values),
    failOver: percentOf(values['fail-over']),
    a: listOf(a),
    b: listOf(b),
  };
}

/** As the options of a run are read. Throws UsageError. */
function looksOf({ theme, ascii, mouse, tui }: Parsed['values']): Options {
  const asked = [
    ...(theme === undefined ? [] : [`--theme=${theme}`]),
    ...(ascii === true ? ['--ascii'] : []),
    ...(mouse === true ? ['--mouse'] : []),
  ];
  if (asked.length > 0 && tui !== true) throw new UsageError(`${asked[0]!} is of --tui`);
  return recordingOptions('-', asked);
}

interface Parsed {
  readonly values: Readonly<
    Partial<Record<TextOption, string> & Record<'help' | 'tui' | 'ascii' | 'mouse', boolean>>
  >;
  readonly positionals: readonly string[];
}

type TextOption = 'by' | 'sort' | 'format' | 'report-format' | 'fail-over' | 'theme';

function parsedArguments(args: readonly string[]): Parsed {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        by: text,
        sort: text,
        format: text,
        'report-format': text,
        'fail-over': text,
        theme: text,
        tui: flag,
        ascii: flag,
        mouse: flag,
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(message.split(/\.\s/)[0]);
  }
}

function listOf(operand: string): string[] {
  const files = operand.split(',');
  if (files.includes('')) throw new UsageError(`'${operand}': a name in the list is empty`);
  return files;
}

function percentOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^[0-9]+(\.[0-9]+)?%?$/.test(text)) {
    throw new UsageError(`--fail-over: '${text}' is no percentage`);
  }
  return Number(text.replace('%', ''));
}

async function print(text: string, status: number): Promise<number> {
  const outlets = new Outlets();
  outlets.writer('stdout').write(Buffer.from(text));
  await outlets.settle(() => Infinity, sleep);
  const { trouble } = outlets;
  if (trouble !== '') say(trouble);
  outlets.close();
  return trouble === '' ? status : FAILED;
}
