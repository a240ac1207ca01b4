import { Line } from '../layout/line';
import type { Dashboard } from '../state/dashboard';
import { tourStop } from '../state/tour';

/** Lines of the tour. */
const LINES = 2;
/** On lower screens the table needs them. */
const LEAST_ROWS = 20;

export function tourLines({ size, scene }: Dashboard): number {
  return scene.picture.header.isDemo === true && size.rows >= LEAST_ROWS ? LINES : 0;
}

/** What the demo is doing, and where one sees it. */
export function tourView(dashboard: Dashboard): string[] {
  if (tourLines(dashboard) === 0) return [];
  const { theme, size, source } = dashboard;
  const stop = tourStop(source.output()?.lines ?? []);
  const did = stop === null ? 'the demo begins' : `just now it ${stop.did}`;
  const look = stop === null ? 'here is said what it does, and where one sees that' : stop.look;
  const line = (title: string, text: string): string =>
    new Line(theme, size.columns).add(` ${title} `, 'active').add(` ${text}`).end();
  return [line('tour', did), line('look', look)];
}
