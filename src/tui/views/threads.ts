import { counted } from '../../core/text/format';
import { THREAD_COLUMNS } from '../../core/columns/row-columns';
import { rowTable } from '../../core/columns/table-export';
import { THREAD_GROUPS, ThreadGroup } from '../../core/snapshot/group-rules';
import { Grouping } from '../../core/snapshot/grouping';
import { regionsOfThreads } from '../../core/snapshot/row-parts';
import { sitesOfAll } from '../../core/snapshot/site-pairs';
import type { PairedRow, ThreadRow } from '../../core/snapshot/snapshot';
import type { Line } from '../layout/line';
import { eventsThat } from '../state/event-log';
import { leadOfThread } from './lead';
import { pairedLine } from './detail-lines';
import { pairedTable, RowDetailView } from './row-detail';
import { TableView } from './table-view';
import type { View, ViewEntry } from './view';

/** Who faults. */
export const threads: ViewEntry = {
  name: 'threads',
  title: 'Threads',
  make: (scene, navigation) => {
    const table = scene.table(
      {
        columns: THREAD_COLUMNS,
        pidOf: ({ pid }) => pid,
        // Threads of one process have names of their own.
        whose: ['pid'],
        hasEnded: ({ alive }) => !alive,
        grouping: new Grouping(THREAD_GROUPS),
      },
      (snapshot) => snapshot.threads,
      (tests) => tests.threads,
      'threads',
    );
    const detail = (opened: ThreadRow): View => {
      let tids: ReadonlySet<number> = new Set();
      let hit: readonly PairedRow[] = [];
      let code: readonly PairedRow[] = [];
      return new RowDetailView<ThreadRow>(scene, navigation, opened, {
        name: 'thread',
        row: () => table.find(opened.id),
        look: (row) => {
          const members = row instanceof ThreadGroup ? row.rows : [row];
          const { snapshot } = scene.picture;
          tids = new Set(members.map(({ tid }) => tid));
          hit = regionsOfThreads(snapshot, new Set(members.map(({ id }) => id)));
          code = sitesOfAll(snapshot, 'threads', members);
        },
        events: eventsThat((log, place) => tids.has(log.batch.tid[place]!)),
        title: titleLine,
        where: (theme, columns) => pairedLine(theme, columns, 'hits', hit),
        who: (theme, columns) => pairedLine(theme, columns, 'code', code),
        tables: () =>
          [pairedTable('regions', hit), pairedTable('code', code)].filter(
            ({ rows }) => rows.length > 0,
          ),
        table: (row) => rowTable('thread', table.columns, [row]),
        lead: leadOfThread,
      });
    };
    return new TableView(threads.name, scene, navigation, table, detail, leadOfThread);
  },
};

function titleLine(line: Line, row: ThreadRow): void {
  if (row.tid === 0) line.add(`${counted(row.members, 'thread')} ${row.comm}`, 'active');
  else line.add(`thread ${row.tid} ${row.comm}`, 'active').add(`  of process ${row.pid}`);
  if (!row.alive) line.add('  ended', 'warning');
}
