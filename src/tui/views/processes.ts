import type { Column } from '../../core/columns/column';
import { processMemoryColumns } from '../../core/columns/memory-columns';
import { nowFirst, PROCESS_COLUMNS } from '../../core/columns/row-columns';
import { PROCESS_GROUPS } from '../../core/snapshot/group-rules';
import { Grouping } from '../../core/snapshot/grouping';
import type { ProcessRow } from '../../core/snapshot/snapshot';
import { parentsIn } from '../layout/family';
import type { DashboardSource } from '../state/source';
import { Tags } from '../layout/tags';
import { leadOfProcess } from './lead';
import { processDetail } from './process-detail';
import { TableView } from './table-view';
import { TAGGED_ID, TaggedProcesses } from './tagged-processes';
import type { ViewEntry } from './view';

/** Columns of what no recording knows. */
const OF_OWNERS: ReadonlySet<string> = new Set(['user', 'cgroup', 'ns_pid']);

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
        parents: parentsIn,
        tagging: {
          id: TAGGED_ID,
          tags: new Tags<ProcessRow>(
            ({ pid }) => pid,
            (pids) => {
              scene.source.open(pids);
              scene.source.keepApart(pids);
            },
          ),
          together: (rows, of) => new TaggedProcesses(rows, of - rows.length),
        },
      },
      (snapshot) => snapshot.processes,
      (tests) => tests.processes,
      'processes',
    );
    return new TableView(
      processes.name,
      scene,
      navigation,
      table,
      (row) => processDetail(scene, navigation, table, row),
      leadOfProcess,
      (rows) => {
        shown.lookAtProcesses(
          rows.filter(({ pid, alive }) => pid !== 0 && alive).map(({ pid }) => pid),
        );
      },
    );
  },
};
