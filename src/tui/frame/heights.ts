import { Line } from '../layout/line';
import type { Dashboard } from '../state/dashboard';
import type { Size } from '../state/picture';
import type { Theme } from '../terminal/theme';
import type { Area } from '../views/view';
import { headerLines } from './header';

const MIN_COLUMNS = 40;
const MIN_ROWS = 8;

/** How many lines each part of the screen gets. */
export interface FrameHeights {
  readonly header: number;
  readonly sparks: number;
  readonly tabs: number;
  readonly body: number;
  /** The event log under the table, with its rule; 0 where there is no room. */
  readonly events: number;
  readonly footer: number;
}

/**
 * Divides the screen. The table is what one came for: it keeps at least half; header, sparklines and
 * event log give way on low screens.
 */
export function frameHeights({ size, scene, shown }: Dashboard): FrameHeights {
  const { rows } = size;
  const headerWants = headerLines(scene.picture.header);
  const header =
    rows >= 40 ? Math.min(headerWants, 7) : rows >= 20 ? 4 : rows >= 14 ? 3 : rows >= 11 ? 2 : 1;
  const sparks = rows >= 20 ? 1 : 0;
  const events = shown.eventsBelow && rows >= 22 ? Math.min(12, 1 + Math.floor(rows / 6)) : 0;
  return { header, sparks, tabs: 1, footer: 1, events, body: rows - header - sparks - 2 - events };
}

/** Where the view that is shown is drawn. */
export function bodyArea(dashboard: Dashboard): Area {
  const { theme, size } = dashboard;
  return { theme, columns: size.columns, height: frameHeights(dashboard).body };
}

/** A screen on which nothing useful fits says so. */
export function tooSmall(theme: Theme, size: Size): string[] | null {
  if (size.columns >= MIN_COLUMNS && size.rows >= MIN_ROWS) return null;
  const lines = [
    `${size.columns}x${size.rows} is too small`,
    `needs ${MIN_COLUMNS}x${MIN_ROWS}`,
    'q quits',
  ];
  return fill(
    theme,
    size.columns,
    size.rows,
    lines.map((text) => new Line(theme, size.columns).add(text).end()),
  );
}

/** Exactly `height` lines: cut, or filled up with blanks. */
export function fill(
  theme: Theme,
  columns: number,
  height: number,
  lines: readonly string[],
): string[] {
  const out = lines.slice(0, height);
  const blank = new Line(theme, columns).end();
  while (out.length < height) out.push(blank);
  return out;
}
