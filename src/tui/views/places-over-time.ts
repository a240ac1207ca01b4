import { TITLES } from '../../core/columns/titles';
import { HEAT_BINS } from '../../core/stats/heat';
import type { PlacesOverTime } from '../../core/stats/over-time';
import { bytes, clock, counted, pageAddress } from '../../core/text/format';
import { heatMapLines } from '../layout/heat-map';
import { pieceLine } from '../layout/line';
import type { Theme } from '../terminal/theme';

const PAGE = 4096;
/** From so many columns on there is as a rule room for twice as many lines, of half as many slices. */
const WIDE = 150;

/**
 * Where in a region faults fell, second by second: a scan is a slope, random access a cloud, growth an edge.
 * In `height` lines at most; none where that is too few or nothing was seen.
 */
export function placesLines(
  theme: Theme,
  columns: number,
  places: PlacesOverTime,
  byFile: boolean,
  height: number,
): string[] {
  const each = columns >= WIDE ? 4 : 8;
  if (HEAT_BINS / each + 2 > height || places.columns.length === 0) return [];
  const { start, width } = places;
  const lines = Array.from({ length: HEAT_BINS / each }, (_, k) => {
    const from = k * each;
    return { label: `0x${pageAddress(start + from * width)}`, from, to: from + each };
  });
  const map = heatMapLines(theme, columns, { grid: places, lines, rows: (column) => column });
  const { addressByTime, offsetByTime } = TITLES.details;
  const begun = places.since === 0 ? '' : `kept since ${clock(places.since)} only`;
  const size = bytes(each * width * PAGE);
  const title = pieceLine(theme, columns, [
    { text: (byFile ? offsetByTime : addressByTime).title, style: 'strong', weight: 9 },
    { text: begun, style: 'dim', weight: 8 },
    {
      text: `lines of ${size}, a column per refresh`,
      short: `lines of ${size}`,
      style: 'dim',
      weight: 7,
    },
    { text: `darker is more: up to ${counted(map.peak, 'fault')}`, style: 'dim', weight: 6 },
  ]);
  return [title, ...map.lines];
}
