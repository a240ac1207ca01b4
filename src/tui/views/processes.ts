import { PROCESS_COLUMNS } from '../../core/columns/row-columns';
import { rowTable } from '../../core/columns/table-export';
import { PROCESS_GROUPS, ProcessGroup } from '../../core/snapshot/group-rules';
import { Grouping } from '../../core/snapshot/groups';
import { sitesOfAll } from '../../core/snapshot/site-pairs';
import type { PairedRow, ProcessRow } from '../../core/snapshot/snapshot';
import { percent } from '../../core/text/format';
import type { Line } from '../layout/line';
import { pairedLine, pairedTable, RowDetailView } from './row-detail';
import { TableView } from './table-view';
import type { ViewEntry } from './view';

/** Whose threads fault. */
export const processes: ViewEntry = {
  name: 'processes',
  title: 'Processes',
  make: (scene, navigation) => {
    const table = scene.table(
      {
        columns: PROCESS_COLUMNS,
        hasEnded: ({ alive }) => !alive,
        grouping: new Grouping(PROCESS_GROUPS),
      },
      (snapshot) => snapshot.processes,
      (tests) => tests.processes,
    );
    return new TableView(processes.name, scene, navigation, table, (opened) => {
      let pids: ReadonlySet<number> = new Set();
      let code: readonly PairedRow[] = [];
      return new RowDetailView<ProcessRow>(scene, opened, {
        name: 'process',
        row: () => table.find(opened.id),
        look: (row) => {
          const members = row instanceof ProcessGroup ? row.rows : [row];
          pids = new Set(members.map(({ pid }) => pid));
          code = sitesOfAll(scene.picture.snapshot, 'processes', members);
        },
        event: (log, place) => pids.has(log.batch.pid[place]!),
        title: titleLine,
        who: (theme, columns) => pairedLine(theme, columns, 'code', code),
        table: (row) => rowTable('process', table.columns, [row]),
        tables: () => (code.length === 0 ? [] : [pairedTable('code', code)]),
      });
    });
  },
};

function titleLine(line: Line, row: ProcessRow): void {
  if (row.pid === 0) {
    line.add(
      `${row.alive && row.members === 1 ? 'several' : row.members} processes ${row.comm}`,
      'active',
    );
  } else {
    line.add(`process ${row.pid} ${row.comm}`, 'active');
    line.add(`  parent ${row.ppid}  ${row.threads} threads  `);
    line.add(`thread max ${percent(row.worstThreadShare)} % (tid ${row.worstTid})`);
  }
  if (!row.alive) line.add('  ended', 'warning');
}
