import { TITLES } from '../../core/columns/titles';
import { latencyPowers } from '../../core/columns/latency-powers';
import { counted, grouped, latency, percent } from '../../core/text/format';
import { CLASS_COUNT, FaultClass } from '../../core/classify/classes';
import type { LatencyHistogram } from '../../core/snapshot/snapshot';
import { LATENCY_ROWS, type TimeGrid } from '../../core/stats/over-time';
import type { LatencyPicture } from '../state/latency-picture';
import type { PictureName } from '../state/settings';
import { heatMapLines, type HeatPlace } from '../layout/heat-map';
import { LABEL, latencyBar, NUMBERS, rangeText, type Scale } from '../layout/latency-bars';
import { Line, pieceLine, wrapped } from '../layout/line';
import { CLASS_STYLE, type Theme } from '../terminal/theme';

/** More lines of a heat map say no more. */
const MOST_HEAT = 22;

/**
 * One histogram per class that was measured, side by side over the same rows of latency, so that they
 * compare. Bars are relative to the largest of their class. `toggled`: bit mask of the classes that are not
 * hidden.
 */
export function latencyLines(
  theme: Theme,
  columns: number,
  picture: LatencyPicture,
  toggled: number,
  name: PictureName,
): string[] {
  const classes = picture.classes & toggled;
  const shown = picture.histograms.filter(
    (histogram, cls) => histogram.count > 0 && (classes & (1 << cls)) !== 0,
  );
  const beyond =
    picture.beyond === ''
      ? []
      : wrapped(picture.beyond, columns - 2).map((text) =>
          new Line(theme, columns).add(`  ${text}`, 'warning').end(),
        );
  if (shown.length === 0) {
    const why =
      classes === 1 << FaultClass.ERROR
        ? 'ERROR faults never complete: they have no latency'
        : 'no latency measured yet of what is shown';
    return [...beyond, new Line(theme, columns).add(`  ${why}`, 'dim').end()];
  }
  return [
    ...beyond,
    ...summaryLines(theme, columns, shown, picture.rounded),
    ...(name === 'time' ? [] : histogramLines(theme, columns, shown, name)),
  ];
}

function histogramLines(
  theme: Theme,
  columns: number,
  shown: readonly LatencyHistogram[],
  scale: Scale,
): string[] {
  const powers = shown.map(latencyPowers);
  const all = powers.flatMap((map) => [...map.keys()]);
  const low = Math.min(...all);
  const high = Math.max(...all);
  const width = Math.floor((columns - LABEL - 1) / shown.length);
  const most = powers.map((map) => Math.max(...map.values()));
  const { title } = scale === 'linear' ? TITLES.columns.latency : TITLES.columns.latencyLog;
  const head = new Line(theme, columns).cell(title, LABEL, 'right', 'strong').add(' ');
  shown.forEach(({ faultClass }, k) => {
    head.add(faultClass, CLASS_STYLE[faultClass]).to(LABEL + 1 + (k + 1) * width);
  });
  const lines = [head.end()];
  for (let power = low; power <= high; power++) {
    const line = new Line(theme, columns)
      .cell(rangeText(power, power + 1), LABEL, 'right')
      .add(' ');
    shown.forEach(({ faultClass, count }, k) => {
      const n = powers[k]!.get(power) ?? 0;
      line.add(latencyBar(theme, n, most[k]!, width - NUMBERS, scale), CLASS_STYLE[faultClass]);
      if (n > 0) line.add(` ${grouped(n)} ${percent(n / count)}%`);
      line.to(LABEL + 1 + (k + 1) * width);
    });
    lines.push(line.end());
  }
  return lines;
}

/** A heat map under its title, and where it is. */
export interface PlacedHeat {
  readonly lines: readonly string[];
  readonly place: HeatPlace;
}

/**
 * A heat map of latency over time: columns are refreshes, cells are counts. null where there is nothing to see.
 * `filtered`: the map is of all faults, whatever the filter lets through.
 */
export function latencyHeat(
  theme: Theme,
  columns: number,
  grid: TimeGrid,
  toggled: number,
  filtered: boolean,
): PlacedHeat | null {
  const rows = (column: ArrayLike<number>): number[] =>
    Array.from({ length: LATENCY_ROWS }, (_, row) => {
      let sum = 0;
      for (let cls = 0; cls < CLASS_COUNT; cls++) {
        if ((toggled & (1 << cls)) !== 0) sum += column[cls * LATENCY_ROWS + row] ?? 0;
      }
      return sum;
    });
  const used = new Set(
    grid.columns.flatMap((column) => rows(column).flatMap((n, k) => (n > 0 ? [k] : []))),
  );
  if (used.size === 0) return null;
  const low = Math.min(...used);
  const high = Math.max(...used);
  const each = Math.ceil((high - low + 1) / MOST_HEAT);
  const lines = [];
  for (let from = low; from <= high; from += each) {
    const to = Math.min(from + each, high + 1);
    lines.unshift({ label: rangeText(from, to), from, to });
  }
  const map = heatMapLines(theme, columns, { grid, lines, rows });
  const all = filtered ? 'of all faults, not of the filtered ones' : '';
  const title = pieceLine(theme, columns, [
    { text: TITLES.details.latencyOverTime.title, style: 'strong', weight: 9 },
    { text: all, style: 'dim', weight: 8 },
    {
      text: `darker is more: up to ${counted(map.peak, 'fault')} in a cell`,
      style: 'dim',
      weight: 7,
    },
    { text: 'a column per refresh', style: 'dim', weight: 6 },
  ]);
  return { lines: [title, ...map.lines], place: map.place };
}

function summaryLines(
  theme: Theme,
  columns: number,
  shown: readonly LatencyHistogram[],
  rounded: boolean,
): string[] {
  const about = (ns: number): string => (rounded ? `~${latency(ns)}` : latency(ns));
  const head = new Line(theme, columns).cell(TITLES.columns.faultClass.title, 9, 'right', 'strong');
  const { faults, p50, p90, p99, p999, max, total } = TITLES.columns;
  for (const column of [faults, p50, p90, p99, p999, max, total]) {
    head.cell(column.title, column === faults ? 13 : 9, 'right', 'strong');
  }
  const rows = shown.map((h) => {
    const line = new Line(theme, columns);
    line
      .cell(h.faultClass, 9, 'right', CLASS_STYLE[h.faultClass])
      .cell(grouped(h.count), 13, 'right');
    for (const ns of [h.p50Ns, h.p90Ns, h.p99Ns, h.p999Ns]) line.cell(latency(ns), 9, 'right');
    for (const ns of [h.maxNs, h.totalNs]) line.cell(about(ns), 9, 'right');
    return line.end();
  });
  return [head.end(), ...rows, ''];
}
