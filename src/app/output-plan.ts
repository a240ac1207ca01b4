import type { Options } from './options';

export type Place = 'stdout' | 'file' | 'stderr';

/** What goes where. */
export interface OutputPlan {
  /** The stream of faults, null for none. */
  readonly stream: 'stdout' | 'file' | null;
  /** Folded stacks, at the end; null for none. */
  readonly folded: 'stdout' | 'file' | null;
  /** The tables of --batch, in the place of the stream; null for none. */
  readonly tables: 'stdout' | 'file' | null;
  readonly summary: Place;
  /** The report, null for none. */
  readonly report: Place | null;
}

/**
 * The plain stream ends with its summary and report, wherever it goes. What machines read (CSV, NDJSON, a
 * JSON report without stream) has its place to itself: the summary makes way. So does everything where standard output is
 * the recording.
 */
export function planOutput(
  options: Pick<Options, 'batch' | 'format' | 'output' | 'quiet' | 'report' | 'record'>,
): OutputPlan {
  const stdout = options.record === '-' ? 'stderr' : 'stdout';
  const main = options.output === null ? stdout : 'file';
  const report = options.report === 'none' ? null : options.report;
  if (options.quiet || main === 'stderr') {
    return {
      stream: null,
      folded: null,
      tables: null,
      summary: report === 'json' ? 'stderr' : main,
      report: report === null ? null : main,
    };
  }
  const { batch } = options;
  const stream = batch ? null : main;
  const tables = batch ? main : null;
  if (options.format === 'text') {
    return { stream, folded: null, tables, summary: main, report: report === null ? null : main };
  }
  const rest = main === 'file' ? stdout : 'stderr';
  const folded = options.format === 'folded';
  return {
    stream: folded ? null : stream,
    folded: folded ? main : null,
    tables,
    summary: report === 'json' ? 'stderr' : rest,
    report: report === null ? null : rest,
  };
}
