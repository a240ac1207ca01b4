import { cgroupMemoryColumns } from '../../core/columns/memory-columns';
import { NOT_KNOWN, ownedColumns } from '../../core/columns/owned-columns';
import { nowFirst } from '../../core/columns/row-columns';
import { rowTable } from '../../core/columns/table-export';
import type { CgroupFacts } from '../../core/facts/cgroup-facts';
import type { RowTest } from '../../core/filter/row-test';
import { regionsOfProcesses } from '../../core/snapshot/row-parts';
import { ownedGrouping } from '../../core/snapshot/process-groups';
import type { OwnedGroup } from '../../core/snapshot/process-groups';
import type { PairedRow, ProcessRow, Snapshot } from '../../core/snapshot/snapshot';
import { bytes, counted, percent } from '../../core/text/format';
import type { Line } from '../layout/line';
import { eventsThat } from '../state/event-log';
import { leadOfCgroup } from './lead';
import { pairedLine } from './detail-lines';
import { pairedTable, RowDetailView } from './row-detail';
import { TableView } from './table-view';
import { isOfSeveral, type View, type ViewEntry } from './view';

/** In which control group the faults are, and whether that is at its limit. */
export const cgroups: ViewEntry = {
  name: 'cgroups',
  title: 'Cgroups',
  only: {
    help: 'cgroups, of several processes',
    // A recording does not know whose its processes were.
    there: ({ source, picture }) => source.replay === undefined && isOfSeveral(picture.header),
  },
  make: (scene, navigation) => {
    const { shown } = scene.source;
    const [name, processes, ...counters] = ownedColumns('cgroup');
    const facts = cgroupMemoryColumns((path) => shown.cgroup(path));
    const rowsOf = groupedOnce();
    const table = scene.table(
      {
        columns: nowFirst([name!, processes!, ...facts, ...counters]),
        hasEnded: ({ alive }) => !alive,
      },
      rowsOf,
      (tests) => testOfGroups(tests.processes),
    );
    const detail = (opened: OwnedGroup): View => {
      let pids: ReadonlySet<number> = new Set();
      let members: readonly PairedRow[] = [];
      let regions: readonly PairedRow[] = [];
      return new RowDetailView<OwnedGroup>(scene, navigation, opened, {
        name: 'cgroup',
        row: () => table.find(opened.id),
        look: (row) => {
          pids = new Set(row.rows.map(({ pid }) => pid));
          members = row.rows
            .map((one) => ({ id: one.id, label: labelOf(one), faults: one.faults }))
            .sort((a, b) => b.faults - a.faults);
          // Of ended processes that share rows it is not known where their cgroup faulted.
          const apart = row.rows.filter(({ pid }) => pid !== 0);
          regions = regionsOfProcesses(scene.picture.snapshot, apart);
        },
        events: eventsThat((log, place) => pids.has(log.batch.pid[place]!)),
        title: (line, row) => {
          titleLine(line, row);
          limitWords(line, shown.cgroup(row.label));
        },
        where: (theme, columns) => pairedLine(theme, columns, 'hits', regions),
        who: (theme, columns) => pairedLine(theme, columns, 'whose', members),
        tables: () => [pairedTable('processes', members), pairedTable('regions', regions)],
        table: (row) => rowTable('cgroup', table.columns, [row]),
        lead: leadOfCgroup,
      });
    };
    return new TableView(cgroups.name, scene, navigation, table, detail, leadOfCgroup, (rows) => {
      shown.lookAtCgroups(rows.map(({ label }) => label).filter((label) => label !== ''));
    });
  },
};

/** The groups of a snapshot: asked for again, they are the same. */
function groupedOnce(): (snapshot: Snapshot) => readonly OwnedGroup[] {
  const grouping = ownedGrouping('cgroup');
  let of: Snapshot | null = null;
  let groups: readonly OwnedGroup[] = [];
  return (snapshot) => {
    if (snapshot !== of) groups = grouping.groupAll(snapshot.processes);
    of = snapshot;
    return groups;
  };
}

function testOfGroups(test: RowTest<ProcessRow>): RowTest<OwnedGroup> {
  return {
    passes: ({ rows }) => rows.some((row) => test.passes(row)),
    whole: ({ rows }) => rows.every((row) => test.whole(row)),
  };
}

function labelOf({ pid, comm, members }: ProcessRow): string {
  return pid === 0 ? `${comm} x${members}` : `${comm} ${pid}`;
}

function titleLine(line: Line, { label, members }: OwnedGroup): void {
  line.add(`cgroup ${label === '' ? NOT_KNOWN : label}`, 'active');
  line.add(`  ${counted(members, 'process', 'processes')}`);
}

/** At its limit its pages make room for each other: what it reads again and again it has read before. */
function limitWords(line: Line, facts: CgroupFacts | null): void {
  if (facts === null || !Number.isFinite(facts.memory)) return;
  line.add(`  ${bytes(facts.memory)}`);
  if (facts.limit === Infinity) return;
  const share = facts.memory / facts.limit;
  line.add(` of ${bytes(facts.limit)} (${percent(share)} %)`, share >= 0.95 ? 'warning' : 'plain');
}
