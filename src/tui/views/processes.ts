import type { Column } from '../../core/columns/column';
import { processMemoryColumns } from '../../core/columns/memory-columns';
import { nowFirst, PROCESS_COLUMNS } from '../../core/columns/row-columns';
import { rowTable } from '../../core/columns/table-export';
import { PROCESS_GROUPS, ProcessGroup } from '../../core/snapshot/group-rules';
import { Grouping } from '../../core/snapshot/groups';
import { regionsOfProcesses, threadsOfProcesses } from '../../core/snapshot/row-parts';
import { sitesOfAll } from '../../core/snapshot/site-pairs';
import type { PairedRow, ProcessRow, Snapshot } from '../../core/snapshot/snapshot';
import { grouped, percent } from '../../core/text/format';
import { Line } from '../layout/line';
import type { Theme } from '../terminal/theme';
import type { DashboardSource } from '../state/source';
import { leadOfProcess } from './lead';
import { pairedLine, pairedTable, RowDetailView } from './row-detail';
import { TableView } from './table-view';
import type { View, ViewEntry } from './view';

/** Columns of what no recording knows. */
const OF_OWNERS: ReadonlySet<string> = new Set(['user', 'cgroup']);

function columnsOf({ shown, replay }: DashboardSource): readonly Column<ProcessRow>[] {
  if (replay !== undefined) return PROCESS_COLUMNS.filter(({ id }) => !OF_OWNERS.has(id));
  return [...PROCESS_COLUMNS, ...processMemoryColumns((pid) => shown.memory(pid))];
}

/** Whose threads fault. */
export const processes: ViewEntry = {
  name: 'processes',
  title: 'Processes',
  make: (scene, navigation) => {
    const { shown } = scene.source;
    const table = scene.table(
      {
        columns: nowFirst(columnsOf(scene.source)),
        hasEnded: ({ alive }) => !alive,
        // What was attached and does not fault is an answer too.
        keeps: ({ alive, pid }) => alive && pid !== 0,
        grouping: new Grouping(PROCESS_GROUPS),
      },
      (snapshot) => snapshot.processes,
      (tests) => tests.processes,
    );
    const detail = (opened: ProcessRow): View => {
      let pids: ReadonlySet<number> = new Set();
      let parts = NO_PARTS;
      let leftOut = 0;
      return new RowDetailView<ProcessRow>(scene, navigation, opened, {
        name: 'process',
        row: () => table.find(opened.id),
        look: (row) => {
          const members = row instanceof ProcessGroup ? row.rows : [row];
          pids = pidsOf(members);
          scene.source.open(pids);
          leftOut = row.pid === 0 && members.length === 1 ? 0 : row.leftOut;
          parts = partsOf(scene.picture.snapshot, members);
        },
        event: (log, place) => pids.has(log.batch.pid[place]!),
        title: titleLine,
        where: (theme, columns) => pairedLine(theme, columns, 'hits', parts.regions),
        who: (theme, columns) => [
          ...leftOutLine(theme, columns, leftOut),
          ...pairedLine(theme, columns, 'who', parts.threads),
          ...pairedLine(theme, columns, 'code', parts.code),
        ],
        tables: () =>
          Object.entries(parts)
            .filter(([, rows]) => rows.length > 0)
            .map(([name, rows]) => pairedTable(name, rows)),
        table: (row) => rowTable('process', table.columns, [row]),
        lead: leadOfProcess,
      });
    };
    return new TableView(
      processes.name,
      scene,
      navigation,
      table,
      detail,
      leadOfProcess,
      (rows) => {
        shown.lookAtProcesses(
          rows.filter(({ pid, alive }) => pid !== 0 && alive).map(({ pid }) => pid),
        );
      },
    );
  },
};

/** What a process is made of, most faults first. */
interface Parts {
  readonly [name: string]: readonly PairedRow[];
  readonly regions: readonly PairedRow[];
  readonly threads: readonly PairedRow[];
  readonly code: readonly PairedRow[];
}
const NO_PARTS: Parts = { regions: [], threads: [], code: [] };

function partsOf(snapshot: Snapshot, members: readonly ProcessRow[]): Parts {
  const pids = pidsOf(members);
  return {
    regions: regionsOfProcesses(snapshot, members),
    threads: threadsOfProcesses(snapshot, pids),
    code: sitesOfAll(snapshot, 'processes', members),
  };
}

function pidsOf(members: readonly ProcessRow[]): ReadonlySet<number> {
  return new Set(members.map(({ pid }) => pid));
}

/** What was not kept in detail is in the numbers of the process, and in nothing that is said of its parts. */
function leftOutLine(theme: Theme, columns: number, faults: number): string[] {
  if (faults === 0) return [];
  const line = new Line(theme, columns).add(' ');
  line.add(`${grouped(faults)} of the faults came before the process was hot or opened:`);
  return [line.add(' they are in none of its regions, threads and code').end()];
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
