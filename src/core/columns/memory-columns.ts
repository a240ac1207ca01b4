import type { CgroupFacts, ProcessMemory } from '../facts/cgroup-facts';
import type { OwnedGroup } from '../snapshot/process-groups';
import type { ProcessRow } from '../snapshot/snapshot';
import { bytes, count, percent } from '../text/format';
import { numeric } from './column';
import type { Column } from './column';

/** Columns of what is read of the rows that are shown; of others they are empty. */

export function processMemoryColumns(
  of: (pid: number) => ProcessMemory | null,
): readonly Column<ProcessRow>[] {
  const shared = { unit: 'bytes', width: 5, timed: true, format: bytes } as const;
  return [
    numeric<ProcessRow>({
      ...shared,
      id: 'rss',
      title: 'RSS',
      weight: 57,
      value: ({ pid }) => of(pid)?.rss ?? NaN,
      doc: 'memory of the process that is resident; of rows that are on the screen',
    }),
    numeric<ProcessRow>({
      ...shared,
      id: 'swap',
      title: 'SWAP',
      weight: 33,
      value: ({ pid }) => of(pid)?.swap ?? NaN,
      doc: 'memory of the process that is swapped out; of rows that are on the screen',
    }),
  ];
}

interface FactColumn {
  readonly id: string;
  readonly title: string;
  readonly weight: number;
  readonly value: (facts: CgroupFacts) => number;
  readonly format: (n: number) => string;
  readonly doc: string;
}

const FACT_COLUMNS: readonly FactColumn[] = [
  {
    id: 'memory',
    title: 'MEM',
    weight: 88,
    value: ({ memory }) => memory,
    format: bytes,
    doc: 'memory.current of the cgroup',
  },
  {
    id: 'memory_limit',
    title: 'LIMIT',
    weight: 87.5,
    value: ({ limit }) => limit,
    format: (n) => (n === Infinity ? 'max' : bytes(n)),
    doc: 'the limit that counts: the lowest memory.max or memory.high of the cgroup and of those above it',
  },
  {
    id: 'memory_used',
    title: 'USED%',
    weight: 89,
    value: ({ memory, limit }) => (limit === Infinity ? NaN : memory / limit),
    format: percent,
    doc: 'MEM in percent of LIMIT: at 100 its own pages, also of files that it reads, make room for each other',
  },
  {
    id: 'memory_events',
    title: 'RECLAIM',
    weight: 58,
    value: ({ high, max }) => high + max,
    format: count,
    doc: 'memory.events: how often it was held up to reclaim memory at a limit',
  },
  {
    id: 'oom_kills',
    title: 'KILLED',
    weight: 46,
    value: ({ oomKills }) => oomKills,
    format: count,
    doc: 'processes that the OOM killer has ended',
  },
  {
    id: 'pressure',
    title: 'PSI%',
    weight: 87,
    value: ({ pressure }) => pressure / 100,
    format: percent,
    doc: 'memory.pressure: share of the last 10 s in which some of its tasks stood still for memory',
  },
];

export function cgroupMemoryColumns(
  of: (cgroup: string) => CgroupFacts | null,
): readonly Column<OwnedGroup>[] {
  return FACT_COLUMNS.map(({ value, ...column }) =>
    numeric<OwnedGroup>({
      ...column,
      width: Math.max(6, column.title.length),
      timed: true,
      value: ({ label }) => {
        const facts = of(label);
        return facts === null ? NaN : value(facts);
      },
    }),
  );
}
