import { knowsCow } from '../../core/facts/capture-facts';
import { FaultClass } from '../../core/classify/classes';
import { percent, rate } from '../../core/text/format';
import { Line } from '../layout/line';
import type { Picture, Size, SparkSpot } from '../state/picture';
import { sparkline, toHundred } from '../layout/spark';
import type { Style, Theme } from '../terminal/theme';
import type { Series } from '../layout/rates';
import type { HeaderState } from './header';

interface Spark {
  readonly label: string;
  readonly series: Series;
  readonly style: Style;
  readonly format: (n: number) => string;
}

export interface SparksView {
  readonly line: string;
  /** Pictures for the blanks in the line; none where they are in it already (ASCII). */
  readonly spots: readonly SparkSpot[];
}

/**
 * Takes away the picture that says least: of nothing, else of the fewest faults. Where that is so of several it is the
 * last; one of major faults stays, for few of them cost much, and so do what was asked for and stall.
 */
function leaveOut(shown: Spark[]): void {
  const peakOf = (spark: Spark): number =>
    spark.style === 'major' && spark.series.peak > 0 ? Infinity : spark.series.peak;
  const candidates = shown.filter(({ style }) => style !== 'error' && style !== 'strong');
  const least = Math.min(...candidates.map(peakOf));
  const quiet = candidates.findLast((spark) => peakOf(spark) === least)!;
  shown.splice(shown.indexOf(quiet), 1);
}

/**
 * MAJ/s, MIN/s, COW/s and stall side by side, each with its present value and its peak, for the screen's
 * row `row`.
 */
export function sparksView(
  theme: Theme,
  size: Size,
  picture: Picture,
  state: Pick<HeaderState, 'classes' | 'asked'>,
  row: number,
): SparksView {
  const { rates } = picture;
  const { classes, asked } = state;
  const cow = knowsCow(picture.header.capture.mode) ? rate : () => 'n/a';
  const sparks: Spark[] = [
    { label: 'MAJ/s', series: rates.ofClass[0]!, style: 'major', format: rate },
    { label: 'MIN/s', series: rates.ofClass[1]!, style: 'minor', format: rate },
    { label: 'COW/s', series: rates.ofClass[2]!, style: 'cow', format: cow },
  ];
  const shown = sparks.filter((_, cls) => (classes & (1 << cls)) !== 0);
  // In front, where it stays: without somebody who asks for it there is no room for it.
  const error = 1 << FaultClass.ERROR;
  if ((classes & asked & error) !== 0) {
    const series = rates.ofClass[FaultClass.ERROR]!;
    shown.unshift({ label: 'ERR/s', series, style: 'error', format: rate });
  }
  shown.push({
    label: 'stall%',
    series: rates.stallShare,
    style: 'strong',
    format: percent,
  });
  // Narrow screens keep fewer pictures that can be read; the rates of all are in the header.
  while (shown.length > 2 && size.columns / shown.length < 26) leaveOut(shown);
  const width = Math.floor((size.columns - 1) / shown.length);
  const line = new Line(theme, size.columns).add(' ');
  const spots: SparkSpot[] = [];
  shown.forEach((spark, k) => {
    const { label, series, style, format } = spark;
    const wide = width >= 32;
    const scale = wide
      ? ` ${format(series.current).padStart(6)} peak ${format(series.peak).padEnd(6)}`
      : ` ${format(series.current).padStart(5)} pk ${format(series.peak).padEnd(5)}`;
    const room = width - label.length - 1 - scale.length - 1;
    const end = 1 + (k + 1) * width;
    line.add(label, 'dim').add(' ');
    // Too narrow for a picture: the numbers alone.
    if (room >= 3) {
      if (theme.ascii) line.add(sparkline(series.values, room, theme.glyphs), style);
      else {
        const values = toHundred(series.values.slice(-room));
        spots.push({ row, column: line.used, width: room, values, sgr: theme.sgr[style] });
        line.to(line.used + room);
      }
    }
    line.add(scale).to(end);
  });
  return { line: line.end(), spots };
}
