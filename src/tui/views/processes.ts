import { PROCESS_COLUMNS } from '../../core/columns/row-columns';
import { rowTable } from '../../core/columns/table-export';
import { PROCESS_GROUPS, ProcessGroup } from '../../core/snapshot/group-rules';
import { Grouping } from '../../core/snapshot/groups';
import type { ProcessRow } from '../../core/snapshot/snapshot';
import { percent } from '../../core/text/format';
import type { Line } from '../layout/line';
import { RowDetailView } from './row-detail';
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
      return new RowDetailView<ProcessRow>(scene, opened, {
        name: 'process',
        row: () => table.find(opened.id),
        look: (row) => {
          pids = pidsOf(row);
        },
        event: (log, place) => pids.has(log.batch.pid[place]!),
        title: titleLine,
        table: (row) => rowTable('process', table.columns, [row]),
      });
    });
  },
};

function pidsOf(row: ProcessRow): ReadonlySet<number> {
  return new Set(row instanceof ProcessGroup ? row.rows.map(({ pid }) => pid) : [row.pid]);
}

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
