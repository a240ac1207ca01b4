import { Line } from '../layout/line';
import type { Dashboard } from '../state/dashboard';
import type { Size } from '../state/picture';
import type { Theme } from '../terminal/theme';
import type { Area, View } from '../views/view';
import { headerLines } from './header';
import { tourLines } from './tour';

const MIN_COLUMNS = 40;
const MIN_ROWS = 8;

/** How many lines each part of the screen gets. */
export interface FrameHeights {
  readonly header: number;
  readonly graph: number;
  /** Of the demo's tour; 0 where there is none. */
  readonly tour: number;
  readonly tabs: number;
  readonly body: number;
  /** The event log under the table, with its rule; 0 where there is no room. */
  readonly events: number;
  readonly footer: number;
}

/** Lines of a part on a screen of so many rows and more, the highest first. */
type Steps = readonly (readonly [rows: number, lines: number])[];

/** Of the header at most. */
const HEADER_LINES: Steps = [
  [40, 8],
  [34, 5],
  [20, 4],
  [14, 3],
  [11, 2],
  [0, 1],
];
/** Of the graphs; 1: sparklines side by side. */
const GRAPH_LINES: Steps = [
  [48, 7],
  [40, 5],
  [34, 4],
  [28, 2],
  [20, 1],
];
/** A body that is short grows by so many lines at a time: what is below it must not move with every new row. */
const BODY_STEP = 4;

function linesAt(steps: Steps, rows: number): number {
  return steps.find(([from]) => rows >= from)?.[1] ?? 0;
}

/**
 * Divides the screen. The table is what one came for: it keeps at least half; header, graphs and event log give
 * way on low screens. Lines that the view has no use for are the event log's.
 */
export function frameHeights(dashboard: Dashboard): FrameHeights {
  const { size, scene, shown, beside } = dashboard;
  const { rows } = size;
  const header = Math.min(headerLines(scene.picture.header), linesAt(HEADER_LINES, rows));
  // Of two runs there is nothing that goes on.
  const graph = scene.source.comparisons === undefined ? linesAt(GRAPH_LINES, rows) : 0;
  const tour = tourLines(dashboard);
  const left = rows - header - graph - tour - 2;
  const least = shown.eventsBelow && rows >= 22 ? Math.min(12, 1 + Math.floor(rows / 6)) : 0;
  const wants = Math.max(shown.wants?.() ?? Infinity, paneWants(size, beside));
  const body = Math.min(left - least, Math.ceil((wants + 1) / BODY_STEP) * BODY_STEP);
  const events = least === 0 ? 0 : left - body;
  return { header, graph, tour, tabs: 1, footer: 1, events, body: left - events };
}

/** From this width on there is room for the detail of the selected row beside the table. */
const TWO_PANES = 170;
/** Lines that a detail and its pictures have of use without its events. */
const PANE_LINES = 30;

function paneWants({ columns }: Size, beside: View | null): number {
  return beside === null || columns < TWO_PANES ? 0 : PANE_LINES;
}

/** Cells of the pane beside the table, with the rule in front of it; 0 where there is no room. */
export function paneColumns({ columns }: Size): number {
  return columns < TWO_PANES ? 0 : Math.min(90, Math.floor(columns * 0.4));
}

/** Where the view that is shown is drawn. */
export function bodyArea(dashboard: Dashboard): Area {
  const { theme, size, beside } = dashboard;
  const pane = beside === null ? 0 : paneColumns(size);
  return { theme, columns: size.columns - pane, height: frameHeights(dashboard).body };
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
