import type { Dashboard } from './dashboard';

/** The sequence numbers of the events in a window of `height` lines, oldest first. */
export function visibleEvents(
  dashboard: Dashboard,
  height: number,
  passes: (place: number) => boolean,
): number[] {
  const { log } = dashboard.picture;
  if (height <= 0) return [];
  if (dashboard.eventsEnd === null) return log.newest(height, log.count, passes);
  const shown = log.newest(height, dashboard.eventsEnd, passes);
  // What one looks at has left the ring: the oldest that are there take its place.
  return shown.length < height ? log.from(log.oldest, height, passes) : shown;
}

/** Moves the window of the event log; at the newest event it follows again. */
export function scrollEvents(dashboard: Dashboard, by: number, height: number): void {
  const { log } = dashboard.picture;
  const passes = (place: number): boolean => dashboard.showsEvent(place);
  const end = dashboard.eventsEnd ?? log.count;
  if (by > 0) {
    if (dashboard.eventsEnd === null) return;
    const last = log.from(end, by, passes).at(-1);
    const rest = last === undefined ? [] : log.from(last + 1, 1, passes);
    dashboard.eventsEnd = rest.length === 0 ? null : last! + 1;
    return;
  }
  // The window must stay full: one cannot scroll to before the oldest event.
  const above = log.newest(height - by, end, passes);
  if (above.length > height) dashboard.eventsEnd = above[height - 1]! + 1;
}
