import type { Dashboard } from './dashboard';
import type { DetailSubject } from '../views/detail';

/** The row that was opened, as it is now; null when none is, or when it is gone. */
export function openedSubject(dashboard: Dashboard): DetailSubject | null {
  const { opened, view } = dashboard;
  const { snapshot } = dashboard.picture;
  if (opened === null) return null;
  if (view === 'regions') {
    const row = snapshot.regions.find(({ id }) => id === opened);
    if (row === undefined) return null;
    return { type: 'region', row, detail: dashboard.source.detail(opened) };
  }
  if (view === 'threads') {
    const row = snapshot.threads.find(({ id }) => id === opened);
    return row === undefined ? null : { type: 'thread', row };
  }
  const row = snapshot.processes.find(({ id }) => id === opened);
  return row === undefined ? null : { type: 'process', row };
}

/** Sequence numbers of the newest events of a subject (null: of all) that are shown, oldest first. */
export function eventsOf(
  dashboard: Dashboard,
  subject: DetailSubject | null,
  most: number,
): number[] {
  const { log } = dashboard.picture;
  const belongs = (place: number): boolean => {
    switch (subject?.type) {
      case undefined:
        return true;
      case 'region':
        return log.regionIdAt(place) === subject.row.id;
      case 'thread':
        return log.batch.tid[place] === subject.row.tid;
      case 'process':
        return log.batch.pid[place] === subject.row.pid;
    }
  };
  return log.newest(most, log.count, (at) => belongs(at) && dashboard.showsEvent(at));
}
