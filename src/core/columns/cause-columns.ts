import { CAUSE_NAMES } from '../classify/classes';
import { count, latency, percent, rate } from '../text/format';
import type { CauseRow } from './cause-rows';
import { asEstimate, numeric, text, type Column } from './column';
import { isEstimate } from './row-columns';
import type { StatRow } from '../snapshot/snapshot';

/** The columns of the causes, in reading order. Those that a narrow screen can do without have the least weight. */
export const CAUSE_COLUMNS: readonly Column<CauseRow>[] = [
  text(
    'cause',
    'CAUSE',
    12,
    100,
    ({ cause }) => CAUSE_NAMES[cause]!,
    'why the fault was taken; ? says what one does about it',
  ),
  numeric({
    id: 'faults',
    title: 'FAULTS',
    width: 6,
    weight: 90,
    value: (row) => row.faults,
    format: count,
    doc: 'faults of this cause',
  }),
  numeric({
    id: 'rate',
    title: 'RATE/s',
    unit: '1/s',
    width: 7,
    weight: 40,
    timed: true,
    value: (row) => row.rate,
    format: known(rate),
    doc: 'now: faults per second over the last interval; not known under a filter',
  }),
  numeric({
    id: 'share',
    title: 'SHARE%',
    unit: 'ratio',
    width: 7,
    weight: 30,
    value: (row) => row.share,
    format: percent,
    doc: 'its part of all faults that are shown, in percent',
  }),
  numeric({
    id: 'stall_ns',
    title: 'STALL',
    unit: 'ns',
    width: 7,
    weight: 95,
    timed: true,
    value: (row) => row.stallNs,
    format: latency,
    doc: 'in all: time that threads stood in faults',
  }),
  numeric({
    id: 'p99_ns',
    title: 'p99',
    unit: 'ns',
    width: 7,
    weight: 60,
    timed: true,
    value: (row) => row.p99Ns,
    format: known(latency),
    doc: '99 % of the faults took no longer; of a cause it is not known under a filter',
  }),
];

const ESTIMATED = CAUSE_COLUMNS.map((column) =>
  column.id === 'cause' ? column : asEstimate(column),
);

/** The same of the causes of some rows; of sampled faults what is an estimate says so. */
export function causeColumns(rows: readonly StatRow[]): readonly Column<CauseRow>[] {
  return rows.some(isEstimate) ? ESTIMATED : CAUSE_COLUMNS;
}

function known(format: (n: number) => string): (n: number) => string {
  return (n) => (Number.isNaN(n) ? '-' : format(n));
}
