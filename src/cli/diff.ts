import { Buffer } from 'node:buffer';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { compare, exceeds, SORTS } from '../core/compare/compare';
import type { Sort } from '../core/compare/compare';
import { COMPARED } from '../core/compare/run-facts';
import type { Compared, RunFacts } from '../core/compare/run-facts';
import { describeError, Exit } from '../core/facts/errors';
import { diffCsv, diffJson } from '../output/diff/machine';
import { diffText } from '../output/diff/text';
import { foldedDiff } from '../output/diff/folded';
import { readRun } from '../app/compared-run';
import type { Options } from '../app/options';
import { Outlets } from '../app/outlets';
import { parseOptions } from './options/options';
import { UsageError } from './options/parse';
import { choice } from './options/values';
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
  --fail-over PERCENT     status 1 where the total of B exceeds that of A by more, and not by chance
  -h, --help              this text

Status: 0, 1 with --fail-over, 2 for whatever went wrong.
`;

/** What is asked of a comparison. */
interface DiffOptions {
  readonly by: Compared;
  readonly sort: Sort;
  readonly format: 'text' | 'json' | 'csv' | 'folded';
  readonly failOver: number | null;
  readonly a: readonly string[];
  readonly b: readonly string[];
}

/** `diff`: its own options, exit status out. Never rejects. */
export async function runDiff(args: readonly string[]): Promise<number> {
  try {
    const asked = diffOptions(args);
    return asked === null ? await print(USAGE, Exit.OK) : await compareRuns(asked);
  } catch (error) {
    const usage = error instanceof UsageError;
    const line = usage
      ? `error: ${error.message} (see diff --help)`
      : describeError(error, { command: '', pids: [] }).line;
    say(line);
    return FAILED;
  }
}

async function compareRuns({ by, sort, format, failOver, a, b }: DiffOptions): Promise<number> {
  const read = async (files: readonly string[]): Promise<RunFacts[]> => {
    const runs: RunFacts[] = [];
    // One after the other: each takes the memory of a run.
    for (const file of files) runs.push(await readRun(file, by, recordingOptions(file), version()));
    return runs;
  };
  const runsA = await read(a);
  const runsB = await read(b);
  const comparison = compare(runsA, runsB, sort);
  const texts = {
    text: () => diffText(comparison, by.toUpperCase()),
    json: () => diffJson(comparison, by, version()),
    csv: () => diffCsv(comparison),
    folded: () => foldedDiff(runsA, runsB),
  };
  const exceeded = failOver !== null && exceeds(comparison, failOver);
  return print(texts[format](), exceeded ? EXCEEDED : Exit.OK);
}

/** With what a recording is read for a comparison. */
function recordingOptions(file: string): Options {
  const asked = ['-q', '--report-format', 'json', '--stacks', 'fp', `--input=${file}`];
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
  return {
    by: choice('by', values.by, COMPARED) ?? 'region',
    sort: choice('sort', values.sort, SORTS) ?? 'stall',
    format: folded ?? report ?? 'text',
    failOver: percentOf(values['fail-over']),
    a: listOf(a),
    b: listOf(b),
  };
}

interface Parsed {
  readonly values: Readonly<Partial<Record<TextOption, string>>> & { readonly help?: boolean };
  readonly positionals: readonly string[];
}

type TextOption = 'by' | 'sort' | 'format' | 'report-format' | 'fail-over';

function parsedArguments(args: readonly string[]): Parsed {
  const text = { type: 'string' } as const;
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
