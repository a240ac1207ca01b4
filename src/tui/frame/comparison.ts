import type { Comparison } from '../../core/compare/compare';
import { numbersOf, runWords } from '../../core/compare/head';
import type { RunFacts } from '../../core/compare/run-facts';
import { baseName, grouped, latency } from '../../core/text/format';
import { pieceLine, type Piece } from '../layout/line';
import type { Theme } from '../terminal/theme';

/** What a comparison has to say above its rows: what it is, both sides, what differs. */
export function comparisonLines({ differs }: Comparison): number {
  return 3 + differs.length;
}

/** The same as `lines` lines of the screen. */
export function comparisonView(
  theme: Theme,
  columns: number,
  comparison: Comparison,
  lines: number,
): string[] {
  const { a, b, differs } = comparison;
  const bar: Piece[] = [
    { text: 'what B has more than A, or less', short: 'B against A', style: 'strong', weight: 90 },
    { text: numbersOf(comparison), style: 'warning', weight: 80 },
    { text: '~ is within what chance does', weight: 40 },
  ];
  // Of what finds no room it is said how much it is.
  const shown = differs.slice(0, Math.max(1, lines - 3));
  const rest = differs.length - shown.length;
  const differing = shown.map((text, k): Piece[] => [
    {
      text: `differs: ${text}${k === shown.length - 1 && rest > 0 ? ` (+${rest})` : ''}`,
      style: 'warning',
      weight: 1,
    },
  ]);
  const all = [
    pieceLine(theme, columns, bar, 'bar'),
    pieceLine(theme, columns, sidePieces('A', a)),
    pieceLine(theme, columns, sidePieces('B', b)),
    ...differing.map((pieces) => pieceLine(theme, columns, pieces)),
  ];
  return all.slice(0, lines);
}

function sidePieces(side: string, runs: readonly RunFacts[]): Piece[] {
  const [first] = runs;
  const lost = runs.reduce((sum, run) => sum + run.lost, 0);
  const losses: Piece[] =
    lost === 0 ? [] : [{ text: `LOST ${grouped(lost)}`, style: 'lost', weight: 99 }];
  if (runs.length === 1) {
    const { file } = first!;
    return [
      { text: side, style: 'strong', weight: 98 },
      { text: file, short: baseName(file).slice(-30), style: 'strong', weight: 60 },
      { text: runWords({ ...first!, lost: 0 }), weight: 80 },
      ...losses,
    ];
  }
  const least = (of: (run: RunFacts) => number): number => Math.min(...runs.map(of));
  const most = (of: (run: RunFacts) => number): number => Math.max(...runs.map(of));
  const faults = ({ total }: RunFacts): number => total.faults;
  const stall = ({ total }: RunFacts): number => total.stallNs ?? NaN;
  const stalls = runs.every((run) => stall(run) >= 0)
    ? `, stalled ${latency(least(stall))} to ${latency(most(stall))}`
    : '';
  return [
    { text: side, style: 'strong', weight: 98 },
    {
      text: runs.map(({ file }) => file).join(' '),
      short: `${runs.length} runs`,
      style: 'strong',
      weight: 60,
    },
    { text: `${grouped(least(faults))} to ${grouped(most(faults))} faults${stalls}`, weight: 80 },
    ...losses,
  ];
}
