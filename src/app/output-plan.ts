import type { Options } from './options';

export type Place = 'stdout' | 'file' | 'stderr';

/** What goes where. */
export interface OutputPlan {
  /** The stream of faults, null for none. */
  readonly stream: 'stdout' | 'file' | null;
  /** Folded stacks, at the end; null for none. */
  readonly folded: 'stdout' | 'file' | null;
  readonly summary: Place;
  /** The report, null for none. */
  readonly report: Place | null;
}

/** Where the tables of --batch go, null for nowhere. */
export function batchPlace({
  batch,
  output,
}: Pick<Options, 'batch' | 'output'>): 'stdout' | 'file' | null {
  if (!batch) return null;
  return output === null ? 'stdout' : 'file';
}

/**
 * The plain stream ends with its summary and report, wherever it goes. What machines read (CSV, NDJSON, a
 * JSON report without stream) has its place to itself: the summary makes way.
 */
export function planOutput(
  options: Pick<Options, 'format' | 'output' | 'quiet' | 'report'> &
    Partial<Pick<Options, 'batch'>>,
): OutputPlan {
  const main = options.output === null ? 'stdout' : 'file';
  const report = options.report === 'none' ? null : options.report;
  if (options.quiet) {
    return {
      stream: null,
      folded: null,
      summary: report === 'json' ? 'stderr' : main,
      report: report === null ? null : main,
    };
  }
  const stream = options.batch === true ? null : main;
  if (options.format === 'text') {
    return { stream, folded: null, summary: main, report: report === null ? null : main };
  }
  const rest = main === 'file' ? 'stdout' : 'stderr';
  const folded = options.format === 'folded';
  return {
    stream: folded ? null : stream,
    folded: folded ? main : null,
    summary: report === 'json' ? 'stderr' : rest,
    report: report === null ? null : rest,
  };
}
