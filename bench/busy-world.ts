import {
  CAUSE_COUNT,
  CAUSE_NAMES,
  Cause,
  FaultClass,
  RegionKind,
} from '../src/core/classify/classes';
import type { RegionRow, StatRow } from '../src/core/snapshot/snapshot';
import { Batch } from '../src/core/wire/batch';
import { Resolved } from '../src/core/wire/resolved';
import { fill, type FaultRow } from '../test/support/fault-kit';
import { FakeSource } from '../test/support/fake-source';
import { region, snapshot, stat } from '../test/support/sample';
import { sum } from './figures';

/** Refreshes that a row remembers. */
const HISTORY = 60;

/** A row that step() may change. */
interface WorldRow extends RegionRow {
  faults: number;
  readonly byClass: number[];
  readonly history: number[];
  rate: number;
  stalled: number;
  stallNs: number;
}

/** A world of many regions, two to a file; step() lets some of them take faults. */
export class BusyWorld extends FakeSource {
  now = 0;
  private readonly rows: readonly WorldRow[];
  /** How busy each region is, 0 to 1. */
  private readonly weights: readonly number[];

  constructor(count: number) {
    super();
    this.weights = Array.from({ length: count }, () => Math.random());
    this.rows = this.weights.map(firstRow);
    this.names = {
      ...this.names,
      regionLabel: (slot) => this.rows[slot]!.label,
      regionPath: () => '',
      regionSection: () => '',
      regionKind: () => RegionKind.FILE,
      commName: () => 'worker',
    };
    this.show();
  }

  /** A second goes by, in which `share` of the regions take faults. */
  step(share: number): void {
    this.now += 1e9;
    const faults: FaultRow[] = [];
    this.rows.forEach((row, slot) => {
      const more =
        Math.random() < share ? 1 + Math.floor(Math.random() * 50 * this.weights[slot]!) : 0;
      if (more > 0)
        faults.push({ time: this.now, address: slot * 4096, latency: 900, region: slot });
      grow(row, more);
    });
    const batch = new Batch();
    const resolved = new Resolved();
    fill(batch, resolved, faults);
    this.events.add(batch, resolved, this.names);
    this.show();
  }

  /** Made outside the measured time: in the program it is the model's work. */
  private show(): void {
    this.info = { ...this.info, elapsedNs: this.now };
    this.picture = snapshot({
      now: this.now,
      elapsed: this.now,
      totals: totalsOf(this.rows, this.now),
      regions: this.rows,
    });
  }
}

function firstRow(weight: number, k: number): WorldRow {
  const minor = Math.floor(1000 * weight);
  const byCause = Array.from({ length: CAUSE_COUNT }, () => 0);
  byCause[Cause.DEMAND_ZERO] = minor;
  byCause[Cause.FILE_READ] = 10;
  const row = region({
    id: k + 1,
    faults: 1000 * weight,
    byClass: [10, minor, 5, 0],
    byCause,
    causeNs: CAUSE_NAMES.map((name) => (name === 'demand-zero' ? 1e6 * weight : 0)),
    uniquePages: 900,
    undecided: 0,
    refaults: 100,
    stallNs: 1e6 * weight,
    maxNs: 1e6,
    p50Ns: 900,
    p90Ns: 1500,
    p99Ns: 30000,
    stallShare: weight / 100,
    kind: 'file',
    label: `lib${k >> 1}.so.6 .text`,
    path: `/usr/lib/lib${k >> 1}.so.6`,
    section: '.text',
    permissions: 'r-xp',
    comm: 'worker',
    size: 1 << 20,
    startPage: k * 1000,
    endPage: k * 1000 + 256,
  });
  return { ...row, byClass: [...row.byClass], history: new Array<number>(HISTORY).fill(0) };
}

/** As the model does it: the rows of the last picture are filled again. */
function grow(row: WorldRow, more: number): void {
  row.rate = more;
  row.stalled = more / 1e6;
  row.history.shift();
  row.history.push(more);
  if (more === 0) return;
  row.faults += more;
  row.byClass[FaultClass.MINOR]! += more;
  row.stallNs += more * 1000;
}

function totalsOf(rows: readonly RegionRow[], now: number): StatRow {
  const stallNs = sum(rows.map((row) => row.stallNs));
  return stat({
    byClass: [0, 1, 2, 3].map((k) => sum(rows.map(({ byClass }) => byClass[k]!))),
    stallNs,
    stalled: sum(rows.map(({ stalled }) => stalled)),
    stallShare: now > 0 ? stallNs / now : 0,
  });
}
