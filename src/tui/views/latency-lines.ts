import { latencyPowers } from '../../core/columns/latency-powers';
import { grouped, latency } from '../../core/text/format';
import { FaultClass } from '../../core/classify/classes';
import type { LatencyHistogram } from '../../core/snapshot/snapshot';
import type { LatencyPicture } from '../state/latency-picture';
import { Line, wrapped } from '../layout/line';
import { CLASS_STYLE, type Theme } from '../terminal/theme';

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
  const powers = shown.map(latencyPowers);
  const all = powers.flatMap((map) => [...map.keys()]);
  const low = Math.min(...all);
  const high = Math.max(...all);
  const label = 10;
  const width = Math.floor((columns - label - 1) / shown.length);
  const lines = [...beyond, ...summaryLines(theme, columns, shown, picture.rounded)];
  const head = new Line(theme, columns).cell('FROM', label, 'right', 'strong').add(' ');
  shown.forEach((histogram, k) => {
    head
      .add(histogram.faultClass, CLASS_STYLE[histogram.faultClass])
      .to(label + 1 + (k + 1) * width);
  });
  lines.push(head.end());
  for (let power = low; power <= high; power++) {
    const line = new Line(theme, columns);
    line.cell(power === 0 ? '0ns' : latency(2 ** power), label, 'right').add(' ');
    shown.forEach((histogram, k) => {
      const n = powers[k]!.get(power) ?? 0;
      const most = Math.max(...powers[k]!.values());
      const room = Math.max(1, width - 13);
      // One fault among millions is still seen.
      const cells = n === 0 ? 0 : Math.max(1, Math.round((n / most) * room));
      line.add(theme.glyphs.bar.repeat(cells), CLASS_STYLE[histogram.faultClass]);
      if (n > 0) line.add(` ${grouped(n)}`);
      line.to(label + 1 + (k + 1) * width);
    });
    lines.push(line.end());
  }
  return lines;
}

function summaryLines(
  theme: Theme,
  columns: number,
  shown: readonly LatencyHistogram[],
  rounded: boolean,
): string[] {
  const about = (ns: number): string => (rounded ? `~${latency(ns)}` : latency(ns));
  const head = new Line(theme, columns).cell('CLASS', 9, 'right', 'strong');
  for (const title of ['FAULTS', 'p50', 'p90', 'p99', 'p99.9', 'MAX', 'TOTAL']) {
    head.cell(title, title === 'FAULTS' ? 13 : 9, 'right', 'strong');
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
