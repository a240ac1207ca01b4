import { TITLES } from './titles';
import type { OwnedGroup, ProcessGrouping } from '../snapshot/process-groups';
import { count } from '../text/format';
import { named, numeric } from './column';
import type { Column } from './column';
import { CLASS_RATE_COLUMNS, STAT_COLUMNS } from './stat-columns';

interface GroupingWords {
  /** Of a table of such groups. */
  readonly heading: string;
  readonly title: string;
  readonly width: number;
  readonly doc: string;
  /** Anybody may run the same program: what differs then has no place where runs must be equal. */
  readonly timed: boolean;
}

export const GROUPING_WORDS: Readonly<Record<ProcessGrouping, GroupingWords>> = {
  cgroup: {
    heading: TITLES.sections.cgroups.title,
    title: 'CGROUP',
    width: 40,
    doc: 'control group, by its path',
    timed: true,
  },
  unit: {
    heading: TITLES.sections.units.title,
    title: 'UNIT',
    width: 24,
    doc: 'systemd unit',
    timed: true,
  },
  user: {
    heading: TITLES.sections.users.title,
    title: 'USER',
    width: 12,
    doc: 'whose processes',
    timed: true,
  },
  name: {
    heading: TITLES.sections.names.title,
    title: 'COMMAND',
    width: 15,
    doc: 'name of the processes',
    timed: false,
  },
};

/** Said in place of a name that could not be found out. */
export const NOT_KNOWN = '[not known]';

/** The columns of processes that are grouped. */
export function ownedColumns(by: ProcessGrouping): readonly Column<OwnedGroup>[] {
  const { title, width, doc } = GROUPING_WORDS[by];
  return [
    {
      ...named<OwnedGroup>(by, title, width, 100, ({ label }) => label, doc),
      format: ({ label }) => (label === '' ? NOT_KNOWN : label),
    },
    numeric<OwnedGroup>({
      id: 'processes',
      title: 'PROCS',
      width: 6,
      weight: 60,
      value: ({ members }) => members,
      format: count,
      doc: 'processes, those that have ended too',
    }),
    ...CLASS_RATE_COLUMNS,
    ...STAT_COLUMNS,
  ];
}
