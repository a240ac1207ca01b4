import { rowTable } from '../../core/columns/table-export';
import { membersOf } from '../../core/snapshot/groups';
import { regionsOfProcesses, threadsOfProcesses } from '../../core/snapshot/row-parts';
import { sitesOfAll } from '../../core/snapshot/site-pairs';
import type { PairedRow, ProcessRow, Snapshot } from '../../core/snapshot/snapshot';
import { counted, grouped, percent } from '../../core/text/format';
import { Line } from '../layout/line';
import type { TableModel } from '../layout/table';
import { eventsThat } from '../state/event-log';
import type { Scene } from '../state/scene';
import type { Theme } from '../terminal/theme';
import { leadOfProcess } from './lead';
import { pairedLine, wordLines } from './detail-lines';
import { pairedTable, RowDetailView } from './row-detail';
import { TaggedProcesses } from './tagged-processes';
import type { Navigation, View } from './view';

/** Of a group that is opened: each has its maps read, and what is in detail has a bound (Details). */
const MAX_OPENED = 64;

/** One process in full, or those of a group together: they are kept in detail from now on. */
export function processDetail(
  scene: Scene,
  navigation: Navigation,
  table: TableModel<ProcessRow>,
  opened: ProcessRow,
): View {
  let pids: ReadonlySet<number> = new Set();
  let parts = NO_PARTS;
  let leftOut = 0;
  let openedPids: ReadonlySet<number> = new Set();
  let notOpened = 0;
  return new RowDetailView<ProcessRow>(scene, navigation, opened, {
    name: 'process',
    row: () => table.find(opened.id),
    look: (row) => {
      const members = membersOf(row);
      pids = pidsOf(members);
      const living = members.filter(({ pid, alive }) => pid !== 0 && alive);
      openedPids = stillOpened(openedPids, living);
      scene.source.open(openedPids);
      notOpened = living.length - openedPids.size;
      leftOut = row.pid === 0 && members.length === 1 ? 0 : row.leftOut;
      parts = partsOf(scene.picture.snapshot, members);
    },
    events: eventsThat((log, place) => pids.has(log.batch.pid[place]!)),
    title: titleLine,
    where: (theme, columns) => pairedLine(theme, columns, 'hits', parts.regions),
    who: (theme, columns) => [
      ...notOpenedLine(theme, columns, notOpened),
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
}

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

/** Who was opened before and lives, and in the place of others the most active: what is opened stays in detail. */
function stillOpened(
  before: ReadonlySet<number>,
  living: readonly ProcessRow[],
): ReadonlySet<number> {
  const opened = new Set(living.map(({ pid }) => pid).filter((pid) => before.has(pid)));
  if (opened.size === Math.min(living.length, MAX_OPENED)) return opened;
  const byActivity = [...living].sort(
    (a, b) => b.stalled - a.stalled || b.rate - a.rate || b.faults - a.faults,
  );
  for (const { pid } of byActivity) {
    if (opened.size === MAX_OPENED) break;
    opened.add(pid);
  }
  return opened;
}

function notOpenedLine(theme: Theme, columns: number, processes: number): string[] {
  if (processes === 0) return [];
  const kept = `the ${MAX_OPENED} most active are kept in detail`;
  const text = `${kept}: of ${grouped(processes)} more only what is hot by itself`;
  return wordLines(theme, columns, text);
}

/** What was not kept in detail is in the numbers of the process, and in nothing that is said of its parts. */
function leftOutLine(theme: Theme, columns: number, faults: number): string[] {
  if (faults === 0) return [];
  const before = `${grouped(faults)} of the faults came before the process was hot or opened`;
  const text = `${before}: they are in none of its regions, threads and code`;
  return wordLines(theme, columns, text);
}

function titleLine(line: Line, row: ProcessRow): void {
  if (row instanceof TaggedProcesses) {
    const gone = row.gone === 0 ? '' : ` (of ${row.gone} more the rows are gone)`;
    line.add(`${counted(row.members, 'tagged process', 'tagged processes')}${gone}`, 'active');
    line.add(`: ${row.comm}`);
  } else if (row.pid === 0) {
    const several = row.alive && row.members === 1;
    const many = several ? 'several processes' : counted(row.members, 'process', 'processes');
    line.add(`${many} ${row.comm}`, 'active');
  } else {
    line.add(`process ${row.pid} ${row.comm}`, 'active');
    if (!row.alive) line.add('  ended', 'warning');
    if (row.nsPid !== 0) line.add(`  ${row.nsPid} in its pid namespace`);
    line.add(`  parent ${row.ppid}  ${counted(row.threads, 'thread')}  `);
    line.add(`thread max ${percent(row.worstThreadShare)} % (tid ${row.worstTid})`);
  }
  if (!row.alive && row.pid === 0) line.add('  ended', 'warning');
}
