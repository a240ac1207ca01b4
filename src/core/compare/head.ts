import { counted, grouped, latency } from '../text/format';
import { printable } from '../text/printable';
import type { Comparison } from './compare';
import type { RunFacts } from './run-facts';

/** What stands above a comparison, one line each: its runs, what of them differs, and what its numbers are. */
export function comparisonHead(comparison: Comparison): readonly string[] {
  const { a, b, sort, differs } = comparison;
  return [
    ...a.map((run) => runLine('A', run)),
    ...b.map((run) => runLine('B', run)),
    ...differs.map((text) => `Differs     ${printable(text, 200)}`),
    `Numbers     ${numbersOf(comparison)}`,
    `Order       by change of ${sort}; ~ is within what chance does`,
  ];
}

/** `of the whole runs`: what the numbers are. */
export function numbersOf({ perSecond, a, b }: Comparison): string {
  return (
    (perSecond ? 'per second, as the durations differ' : 'of the whole runs') +
    (a.length > 1 || b.length > 1 ? '; medians of the runs of a side' : '')
  );
}

function runLine(side: string, run: RunFacts): string {
  return `${side}           ${printable(run.file, 100)}: ${runWords(run)}`;
}

/** `12.000 s, 521 faults (43/s), stalled 1.2ms`, and what was lost. */
export function runWords({ elapsedNs, total, lost }: RunFacts): string {
  const seconds = elapsedNs / 1e9;
  const rate = seconds > 0 ? ` (${grouped(total.faults / seconds)}/s)` : '';
  const stalled = total.stallNs === null ? '' : `, stalled ${latency(total.stallNs)}`;
  const losses = lost > 0 ? `, lost ${grouped(lost)}` : '';
  return `${seconds.toFixed(3)} s, ${counted(total.faults, 'fault')}${rate}${stalled}${losses}`;
}

/** The same for machines, beside the rows. */
export function comparisonFacts({ a, b, sort, perSecond, differs }: Comparison): object {
  return { sort, per_second: perSecond, a: a.map(runPart), b: b.map(runPart), differs };
}

function runPart({ file, elapsedNs, total, lost }: RunFacts): object {
  return {
    file,
    elapsed_ns: elapsedNs,
    faults: total.faults,
    stall_ns: total.stallNs,
    lost,
  };
}
