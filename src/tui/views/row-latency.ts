import { rowPowers } from '../../core/columns/latency-powers';
import { aboutOf } from '../../core/columns/row-columns';
import { TITLES } from '../../core/columns/titles';
import type { SharedRow, StatRow } from '../../core/snapshot/snapshot';
import { grouped, percent } from '../../core/text/format';
import { LABEL, latencyBar, NUMBERS, rangeText } from '../layout/latency-bars';
import { Line } from '../layout/line';
import type { Theme } from '../terminal/theme';

/** Fewer bars show no shape. */
const LEAST_BARS = 3;

/** How long the faults of one row took: of a row that stands for many summed up once per picture. */
export class RowLatency {
  private powers: readonly number[] | null = null;

  /** There is another picture: the row is not what it was. */
  renew(): void {
    this.powers = null;
  }

  /** A histogram of the row, in `height` lines at most; none where that is too few or nothing was measured. */
  lines(theme: Theme, columns: number, height: number, row: StatRow & SharedRow): string[] {
    if (height < 1 + LEAST_BARS) return [];
    const powers = (this.powers ??= rowPowers(row));
    const first = powers.findIndex((n) => n > 0);
    if (first < 0) return [];
    const each = Math.max(1, Math.ceil((powers.length - first) / (height - 1)));
    const bars: { readonly label: string; readonly n: number }[] = [];
    for (let from = first; from < powers.length; from += each) {
      const to = Math.min(from + each, powers.length);
      const n = powers.slice(from, to).reduce((sum, one) => sum + one, 0);
      bars.push({ label: rangeText(from, to), n });
    }
    const all = bars.reduce((sum, { n }) => sum + n, 0);
    const most = bars.reduce((largest, { n }) => Math.max(largest, n), 0);
    const about = aboutOf(row);
    const { title } = TITLES.columns.latency;
    const head = new Line(theme, columns).cell(title, LABEL, 'right', 'strong');
    return [
      head.end(),
      ...bars.map(({ label, n }) => {
        const line = new Line(theme, columns).cell(label, LABEL, 'right').add(' ');
        line.add(latencyBar(theme, n, most, columns - LABEL - 1 - NUMBERS, 'linear'));
        if (n > 0) line.add(` ${about(grouped(Math.round(n)))} ${about(percent(n / all))}%`);
        return line.end();
      }),
    ];
  }
}
