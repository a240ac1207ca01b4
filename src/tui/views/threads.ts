import { THREAD_COLUMNS } from '../../core/columns/row-columns';
import { rowTable } from '../../core/columns/table-export';
import { THREAD_GROUPS, ThreadGroup } from '../../core/snapshot/group-rules';
import { Grouping } from '../../core/snapshot/groups';
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
      {
        columns: THREAD_COLUMNS,
        pidOf: ({ pid }) => pid,
        hasEnded: ({ alive }) => !alive,
        grouping: new Grouping(THREAD_GROUPS),
      },
      (snapshot) => snapshot.threads,
      (tests) => tests.threads,
    );
    return new TableView(threads.name, scene, navigation, table, (opened) => {
      let tids: ReadonlySet<number> = new Set();
      return new RowDetailView<ThreadRow>(scene, opened, {
        name: 'thread',
        row: () => table.find(opened.id),
        look: (row) => {
          tids = tidsOf(row);
        },
        event: (log, place) => tids.has(log.batch.tid[place]!),
        title: titleLine,
        table: (row) => rowTable('thread', table.columns, [row]),
      });
    });
  },
};

function tidsOf(row: ThreadRow): ReadonlySet<number> {
  return new Set(row instanceof ThreadGroup ? row.rows.map(({ tid }) => tid) : [row.tid]);
}

function titleLine(line: Line, row: ThreadRow): void {
  if (row.tid === 0) line.add(`${row.members} threads ${row.comm}`, 'active');
  else line.add(`thread ${row.tid} ${row.comm}`, 'active').add(`  of process ${row.pid}`);
  if (!row.alive) line.add('  ended', 'warning');
}
