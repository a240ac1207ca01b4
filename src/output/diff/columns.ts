import type { Change, ComparedRow } from '../../core/compare/compare';

/** A column of a comparison: as text for people, as a value for machines. */
export interface DiffColumn {
  /** Machine name; in the heading of the text it is `title`. */
  readonly id: string;
  readonly title: string;
  readonly value: (row: ComparedRow) => string | number | boolean | null;
  /** How a number is printed; text columns are printed as they are. */
  readonly print?: 'faults' | 'time' | 'signed-faults' | 'signed-time' | 'percent' | 'p';
}

const changes = (
  key: 'faults' | 'stall',
  title: string,
  print: 'faults' | 'time',
  of: (row: ComparedRow) => Change | null,
): readonly DiffColumn[] => [
  { id: `${key}_a`, title: `${title} A`, value: (row) => of(row)?.a ?? null, print },
  { id: `${key}_b`, title: `${title} B`, value: (row) => of(row)?.b ?? null, print },
  {
    id: `${key}_difference`,
    title: 'B - A',
    value: (row) => of(row)?.difference ?? null,
    print: `signed-${print}`,
  },
  { id: `${key}_percent`, title: '%', value: (row) => of(row)?.percent ?? null, print: 'percent' },
];

/** `stall_...` and latencies are ns. */
export const DIFF_COLUMNS: readonly DiffColumn[] = [
  { id: 'name', title: '', value: ({ name }) => name },
  ...changes('stall', 'STALL', 'time', ({ stall }) => stall),
  ...changes('faults', 'FAULTS', 'faults', ({ faults }) => faults),
  { id: 'p50_a', title: 'p50 A', value: ({ p50 }) => p50[0], print: 'time' },
  { id: 'p50_b', title: 'p50 B', value: ({ p50 }) => p50[1], print: 'time' },
  { id: 'p99_a', title: 'p99 A', value: ({ p99 }) => p99[0], print: 'time' },
  { id: 'p99_b', title: 'p99 B', value: ({ p99 }) => p99[1], print: 'time' },
  { id: 'presence', title: '', value: ({ presence }) => presence },
  { id: 'same', title: '', value: ({ same }) => same },
  { id: 'p', title: 'p', value: ({ p }) => p, print: 'p' },
];
