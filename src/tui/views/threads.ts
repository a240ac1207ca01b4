import { THREAD_COLUMNS } from '../../core/columns/row-columns';
import { rowTable } from '../../core/columns/table-export';
import type { ThreadRow } from '../../core/snapshot/snapshot';
import type { Line } from '../layout/line';
import { RowDetailView } from './row-detail';
import { TableView } from './table-view';
import type { ViewEntry } from './view';

/** Who faults. */
export const threads: ViewEntry = {
  name: 'threads',
  title: 'Threads',
  make: (scene, navigation) => {
    const table = scene.table(
      THREAD_COLUMNS,
      (snapshot) => snapshot.threads,
      (tests) => tests.threads,
    );
    return new TableView(
      threads.name,
      scene,
      navigation,
      table,
      (opened) =>
        new RowDetailView<ThreadRow>(scene, opened, {
          name: 'thread',
          row: ({ snapshot }) => snapshot.threads.find((thread) => thread.id === opened.id),
          event: (log, place) => log.batch.tid[place] === opened.tid,
          title: titleLine,
          table: (row) => rowTable('thread', table.columns, [row]),
        }),
    );
  },
};

function titleLine(line: Line, row: ThreadRow): void {
  if (row.tid === 0) line.add(`${row.members} threads ${row.comm}`, 'active');
  else line.add(`thread ${row.tid} ${row.comm}`, 'active').add(`  of process ${row.pid}`);
  if (!row.alive) line.add('  ended', 'warning');
}
