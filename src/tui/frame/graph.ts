import { CLASS_NAMES, FaultClass } from '../../core/classify/classes';
import { clock, count } from '../../core/text/format';
import {
  axis,
  peakOf,
  scaleEnd,
  stacked,
  widestSpanOf,
  type Layer,
  type Span,
} from '../layout/graph';
import { Line } from '../layout/line';
import type { Rates, Series } from '../layout/rates';
import type { Picture } from '../state/picture';
import { CLASS_STYLE, graphColour, type Theme } from '../terminal/theme';

/** Cells for name and scale of a graph, and for its peak. */
const GUTTER = 17;
const MARGIN = 12;
/** From the one that must be seen to the most frequent: what stands on the axis can be compared from column to column. */
const STACK = [FaultClass.ERROR, FaultClass.MAJOR, FaultClass.COW, FaultClass.MINOR] as const;

interface Graph {
  readonly name: string;
  readonly layers: readonly Layer[];
  /** A value as it stands at the scale. */
  readonly format: (value: number) => string;
}

/** Lines of each graph, and of the time axis, among `height` lines. */
function share(height: number): readonly [faults: number, stall: number, axis: number] {
  const axisLines = height >= 3 ? 1 : 0;
  const stall = Math.max(1, Math.floor((height - axisLines) / 3));
  return [height - axisLines - stall, stall, axisLines];
}

/** Faults by class, stacked, and stall over time, in `height` lines, of which there are two at least. */
export function graphView(
  theme: Theme,
  columns: number,
  { rates }: Picture,
  classes: number,
  height: number,
): string[] {
  const [faultLines, stallLines, axisLines] = share(height);
  const span = widestSpanOf(rates.count, columns - GUTTER - MARGIN);
  const faults: Graph = {
    name: 'faults/s',
    layers: STACK.filter((cls) => (classes & (1 << cls)) !== 0).map((cls) =>
      layerOf(theme, cls, rates.ofClass[cls]!),
    ),
    format: count,
  };
  const stall: Graph = {
    name: 'stall ms/s',
    layers: [
      {
        values: rates.stallShare.values.map((threads) => threads * 1000),
        sgr: graphColour(theme, 'stall'),
        shade: theme.glyphs.bar,
      },
    ],
    format: stallText,
  };
  const lines = [
    ...graphLines(theme, columns, faults, span, faultLines),
    ...graphLines(theme, columns, stall, span, stallLines),
  ];
  return axisLines === 0 ? lines : [...lines, axisLine(theme, columns, span, rates)];
}

/** Cells in front of the first column: those that are too few for another one stand there, too. */
function gutterOf(columns: number, span: Span): number {
  return columns - MARGIN - span.columns * span.each;
}

function layerOf(theme: Theme, cls: number, { values }: Series): Layer {
  const sgr = graphColour(theme, CLASS_STYLE[CLASS_NAMES[cls]!]);
  return { values, sgr, shade: theme.glyphs.shades.charAt(cls) };
}

/** ms of stall in a second, by all threads: below one with a decimal. */
function stallText(ms: number): string {
  return ms > 0 && ms < 10 ? ms.toFixed(1) : count(ms);
}

function graphLines(
  theme: Theme,
  columns: number,
  { name, layers, format }: Graph,
  span: Span,
  height: number,
): string[] {
  const peak = peakOf(layers, span);
  const end = scaleEnd(peak);
  const runs = stacked(theme, layers, span, end, height);
  return runs.map((line, k) => {
    const scale = k === 0 ? format(end).replace('.0', '') : k === height - 1 ? '0' : '';
    const out = new Line(theme, columns)
      .add(' ')
      .cell(k === 0 ? name : '', 10, 'left', 'dim')
      .cell(scale, GUTTER - 12, 'right', 'dim')
      .add(theme.glyphs.tick, 'dim')
      .to(gutterOf(columns, span), ' ');
    for (const { text, sgr } of line) out.draw(text, sgr);
    return out.add(k === 0 ? ` peak ${format(peak)}` : '', 'dim').end();
  });
}

/** When it was, since the session's start; and which shade is which class where there are no colours. */
function axisLine(theme: Theme, columns: number, span: Span, { times }: Rates): string {
  const first = span.count - times.length;
  const marks = axis(span, (sample) => {
    const time = times[sample - first];
    return time === undefined ? '' : clock(time);
  });
  const line = new Line(theme, columns).add(' ');
  const { shades } = theme.glyphs;
  if (graphColour(theme, 'major') === '') {
    const shade = (cls: number): string => shades.charAt(cls);
    const { MAJOR, MINOR, COW } = FaultClass;
    line.add(`${shade(MINOR)}MIN ${shade(COW)}COW ${shade(MAJOR)}MAJ`, 'dim');
  }
  return line
    .to(GUTTER - 1)
    .add(theme.glyphs.corner, 'dim')
    .to(gutterOf(columns, span))
    .add(marks, 'dim')
    .end();
}
