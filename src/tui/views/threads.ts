import { THREAD_COLUMNS } from '../../core/columns/row-columns';
import { rowTable } from '../../core/columns/table-export';
import { THREAD_GROUPS, ThreadGroup } from '../../core/snapshot/group-rules';
import { Grouping } from '../../core/snapshot/groups';
import { sitesOfAll } from '../../core/snapshot/site-pairs';
import type { PairedRow, ThreadRow } from '../../core/snapshot/snapshot';
import type { Line } from '../layout/line';
import { pairedLine, pairedTable, RowDetailView } from './row-detail';
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
      let code: readonly PairedRow[] = [];
      return new RowDetailView<ThreadRow>(scene, opened, {
        name: 'thread',
        row: () => table.find(opened.id),
        look: (row) => {
          const members = row instanceof ThreadGroup ? row.rows : [row];
          tids = new Set(members.map(({ tid }) => tid));
          code = sitesOfAll(scene.picture.snapshot, 'threads', members);
        },
        event: (log, place) => tids.has(log.batch.tid[place]!),
        title: titleLine,
        who: (theme, columns) => pairedLine(theme, columns, 'code', code),
        table: (row) => rowTable('thread', table.columns, [row]),
        tables: () => (code.length === 0 ? [] : [pairedTable('code', code)]),
      });
    });
  },
};

function titleLine(line: Line, row: ThreadRow): void {
  if (row.tid === 0) line.add(`${row.members} threads ${row.comm}`, 'active');
  else line.add(`thread ${row.tid} ${row.comm}`, 'active').add(`  of process ${row.pid}`);
  if (!row.alive) line.add('  ended', 'warning');
}
