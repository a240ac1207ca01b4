import * as fc from 'fast-check';
import { CLASS_COUNT } from '../../../../src/core/classify/classes';
import type { Column } from '../../../../src/core/columns/column';
import {
  PROCESS_COLUMNS,
  REGION_COLUMNS,
  THREAD_COLUMNS,
} from '../../../../src/core/columns/row-columns';
import { parseFilter } from '../../../../src/core/filter/parse';
import { compileRowTests, type RowTests } from '../../../../src/core/filter/row-test';
import {
  PROCESS_GROUPS,
  REGION_GROUPS,
  THREAD_GROUPS,
} from '../../../../src/core/snapshot/group-rules';
import { Grouping } from '../../../../src/core/snapshot/grouping';
import type { GroupableRow } from '../../../../src/core/snapshot/groups';
import type { Snapshot, TableName } from '../../../../src/core/snapshot/snapshot';
import { BUCKETS } from '../../../../src/core/stats/histogram';
import { mergeCounted } from '../../../../src/core/stats/cells';
import { ALL_CLASSES } from '../../../../src/tui/layout/choice';
import { TableModel, type TableSpec } from '../../../../src/tui/layout/table';
import { HEAP_START, Rig } from '../../../support/model-kit';
import { expectSame } from '../../../support/same';
import { vma } from '../../../support/vma-kit';

type Table = TableModel<GroupableRow>;
interface Shown {
  readonly table: Table;
  readonly rowsOf: (snapshot: Snapshot) => readonly GroupableRow[];
  readonly testOf: (tests: RowTests) => never;
  /** Its rows come with what is known of their changes; null: they are looked at. */
  readonly of: TableName | null;
}

const FILTERS = ['', 'region=heap', 'faults>3', 'class=cow', 'pid=100', 'p50>2us', 'comm=w'];
const SORTS = ['stall_now', 'faults', 'stall_share', 'p99_ns', 'rate', 'label', 'unique_pages'];

/** The three tables of a dashboard. */
function tables(): Shown[] {
  const shown = <Row extends GroupableRow>(
    spec: Omit<TableSpec<Row>, 'sortBy'>,
    rowsOf: (snapshot: Snapshot) => readonly Row[],
    testOf: (tests: RowTests) => unknown,
    of: TableName | null,
  ): Shown => ({
    table: new TableModel<Row>({ sortBy: 'stall_now', ...spec }) as unknown as Table,
    rowsOf,
    testOf: testOf as Shown['testOf'],
    of,
  });
  return [
    shown(
      {
        columns: REGION_COLUMNS,
        pidOf: ({ pid }) => pid,
        hasEnded: ({ size }) => size === 0,
        grouping: new Grouping(REGION_GROUPS),
      },
      (snapshot) => snapshot.regions,
      (tests) => tests.regions,
      'regions',
    ),
    shown(
      {
        columns: THREAD_COLUMNS,
        pidOf: ({ pid }) => pid,
        hasEnded: ({ alive }) => !alive,
        grouping: new Grouping(THREAD_GROUPS),
      },
      (snapshot) => snapshot.threads,
      (tests) => tests.threads,
      null,
    ),
    shown(
      {
        columns: PROCESS_COLUMNS,
        keeps: ({ alive }) => alive,
        hasEnded: ({ alive }) => !alive,
        grouping: new Grouping(PROCESS_GROUPS),
      },
      (snapshot) => snapshot.processes,
      (tests) => tests.processes,
      'processes',
    ),
  ];
}

/** Everything that is seen of a row, as text. */
function seen<Row extends GroupableRow>(row: Row, columns: readonly Column<Row>[]): string {
  const latencies = new Float64Array(BUCKETS);
  const timed = row.addLatencies(latencies);
  const counts: string[] = [];
  latencies.forEach((n, bucket) => {
    if (n > 0) counts.push(`${bucket}:${n}`);
  });
  const cells = columns.map(({ id, value, format }) => `${id}=${value(row)} ${format(row)}`);
  const { refaults, p50Ns, p90Ns, p99Ns, stallShare } = row;
  return [
    `${row.id} x${row.members} ${row.sumsUp}`,
    ...cells,
    JSON.stringify(mergeCounted([row])),
    [row.faults, refaults, p50Ns, p90Ns, p99Ns, stallShare].join(),
    row.history.join(),
    timed,
    counts.join(),
  ].join('; ');
}

function seenOf({ table }: Shown): string[] {
  const { matching, total, partial, selected, mixed } = table;
  const { wanted, hidden, idle, ...needs } = table.columnNeeds();
  return [
    ...table.rows.map((row) => seen(row, table.columns)),
    matching.map(({ id }) => id).join(),
    [total, partial, selected, mixed].join(),
    JSON.stringify([[...wanted], [...hidden], [...idle], needs]),
  ];
}

/**
 * A model whose target does what is drawn, under two dashboards: one whose rows are filled again, so that it follows
 * what has changed, and one that has other rows in every picture, and so makes everything anew.
 */
class World {
  readonly rig = new Rig({
    regions: 6,
    threads: 4,
    processes: 3,
    endedProcesses: 1,
    endedThreads: 1,
  });
  private readonly following = tables();
  private readonly anew = tables();
  private live = [100];
  private next = 101;
  private mapped: number[] = [];
  private place = 0x100000;
  private filter = '';
  /** Something was counted since the last look: what rows make when they are asked is of now. */
  private stale = false;
  private classes = ALL_CLASSES;

  constructor() {
    this.rig.attach();
  }

  fault(of: number, page: number, kind: number, latency: number): void {
    const pid = this.pid(of);
    const start = this.mapped[page % (this.mapped.length + 1)] ?? HEAP_START;
    const end = (['min', 'min', 'maj', 'none'] as const)[kind & 3]!;
    const code = (kind & 4) === 0 ? 0x7 : 0x4;
    this.rig.fault({ pid, page: start + (page % 8), end, code, latency });
  }

  map(of: number, name: number): void {
    const start = this.place;
    this.place += 64;
    const path = ['', '/lib/a.so', '/lib/b.so', '[heap]'][name & 3]!;
    const pid = this.pid(of);
    this.rig.mmap(vma(start, start + (name > 3 ? 32 : 8), path), pid);
    this.mapped = [...this.mapped.slice(-5), start];
    this.rig.fault({ pid, page: start + (name % 8), latency: 100 * name });
  }

  unmap(k: number): void {
    const start = this.mapped[k % (this.mapped.length + 1)];
    if (start !== undefined) this.rig.munmap(start, start + 32, this.pid(k));
  }

  /** To another place, of the same size. */
  move(k: number): void {
    const start = this.mapped[k % (this.mapped.length + 1)];
    if (start === undefined) return;
    const to = this.place;
    this.place += 64;
    this.rig.mremap([start, start + 8], [to, to + 8], this.pid(k));
    this.mapped = this.mapped.map((other) => (other === start ? to : other));
  }

  rename(of: number, name: number): void {
    const pid = this.pid(of);
    const to = ['demo', 'w-1', 'w-2', 'io'][name & 3]!;
    if (name > 3) this.rig.exec(pid, to);
    else this.rig.rename(pid, pid, to);
  }

  /** Ticks at which nobody looks. */
  rest(ticks: number): void {
    const { rig } = this;
    this.stale = true;
    rig.run();
    for (let k = 0; k < ticks; k++) {
      rig.now += 1e9;
      rig.model.tick(rig.now);
    }
  }

  fork(of: number): void {
    if (this.live.length > 4) return;
    this.rig.fork(this.pid(of), this.next);
    this.live.push(this.next++);
  }

  thread(of: number, name: number): void {
    const pid = this.pid(of);
    const tid = this.next++;
    this.rig.thread(pid, tid).rename(pid, tid, ['w-1', 'w-2', 'io'][name % 3]!);
    this.rig.fault({ pid, tid, page: HEAP_START + (name % 8), latency: 300 });
    if (name > 2) this.rig.exit(pid, tid);
  }

  exit(of: number): void {
    if (this.live.length < 2) return;
    const pid = this.pid(of);
    this.rig.exit(pid);
    this.live = this.live.filter((other) => other !== pid);
  }

  private pid(of: number): number {
    return this.live[of % this.live.length]!;
  }

  zero(): void {
    this.stale = true;
    this.rig.run();
    this.rig.model.zero(this.rig.now);
  }

  /** Some time goes by, and both look. */
  refresh(seconds: number): void {
    const { rig } = this;
    rig.run();
    rig.now += seconds * 1e9;
    rig.model.tick(rig.now);
    this.look();
  }

  look(): void {
    const { model, now } = this.rig;
    this.stale = false;
    const kept = model.snapshot(now);
    const snapshot = model.snapshot(now, { reuse: true });
    this.show(this.following, snapshot);
    this.show(this.anew, kept);
    for (const { id } of kept.regions) expectSame(pairsOf(snapshot, id), pairsOf(kept, id));
  }

  private show(shown: readonly Shown[], snapshot: Snapshot): void {
    const { filter } = parseFilter(this.filter);
    const tests = filter === null ? null : compileRowTests(filter, snapshot);
    for (const { table, rowsOf, testOf, of } of shown) {
      const test = tests === null ? null : testOf(tests);
      const told = of === null ? null : (snapshot.changes[of] ?? null);
      table.refresh(rowsOf(snapshot), this.classes, test, 0, snapshot.now, told);
    }
  }

  narrow(filter: number, classes: number): void {
    this.filter = FILTERS[filter % FILTERS.length]!;
    this.classes =
      classes % 3 === 0 ? (classes / 3) % (1 << CLASS_COUNT) || ALL_CLASSES : ALL_CLASSES;
    this.look();
  }

  /** A key, pressed in both. */
  press(key: number, k: number): void {
    for (const { table } of [...this.following, ...this.anew]) {
      const keys = [
        () => table.expand(),
        () => {
          table.collapse();
        },
        () => {
          table.move((k % 7) - 3);
        },
        () => {
          table.sortBy(SORTS[k % SORTS.length]!);
        },
        () => {
          table.reverseOrder();
        },
        () => {
          table.toggleFlat();
        },
        () => {
          table.toggleEnded();
        },
        () => {
          table.first();
        },
      ];
      keys[key % keys.length]!();
    }
  }

  /** Both show the same. */
  compare(): void {
    if (this.stale) return;
    this.following.forEach((shown, k) => {
      expectSame(seenOf(shown), seenOf(this.anew[k]!));
    });
  }
}

/** Who faulted in a region: asked of it alone, and of all. */
function pairsOf({ pairs }: Snapshot, id: number): string[] {
  const lines: string[] = [];
  const { regions, threads, faults } = pairs(id);
  regions.forEach((region, k) => {
    if (region === id && faults[k]! > 0) lines.push(`${threads[k]} ${faults[k]}`);
  });
  return lines.sort();
}

const n = fc.nat({ max: 31 });
const COMMANDS = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('fault' as const), a: n, b: n, c: n }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('refresh' as const), a: n, b: n, c: n }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('press' as const), a: n, b: n, c: n }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'map',
        'unmap',
        'move',
        'fork',
        'thread',
        'rename',
        'exit',
        'rest',
        'narrow',
        'zero',
      ),
      a: n,
      b: n,
      c: n,
    }),
  },
);

test('what follows changes shows what is made anew, whatever the target does and one presses', () => {
  fc.assert(
    fc.property(fc.array(COMMANDS, { minLength: 10, maxLength: 60 }), (commands) => {
      const world = new World();
      for (const { do: what, a, b, c } of commands) {
        switch (what) {
          case 'fault':
            world.fault(a, b, c, 50 * (a + 1) * (b + 1));
            break;
          case 'refresh':
            world.refresh(1 + (a % 4));
            break;
          case 'press':
            world.press(a, b);
            break;
          case 'map':
            world.map(a, b % 8);
            break;
          case 'thread':
            world.thread(a, b % 6);
            break;
          case 'narrow':
            world.narrow(a, b);
            break;
          case 'move':
            world.move(a);
            break;
          case 'rename':
            world.rename(a, b % 8);
            break;
          case 'rest':
            world.rest(3 * b);
            break;
          case 'unmap':
            world.unmap(a);
            break;
          case 'fork':
            world.fork(a);
            break;
          case 'exit':
            world.exit(a);
            break;
          case 'zero':
            world.zero();
            break;
        }
        if (what === 'refresh' || what === 'press' || what === 'narrow') world.compare();
      }
    }),
    { numRuns: 100 },
  );
});
