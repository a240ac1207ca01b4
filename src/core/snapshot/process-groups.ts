import type { Owner } from '../facts/owner';
import { unitOf } from '../facts/owner';
import { ProcessGroup } from './group-rules';
import { Grouping } from './grouping';
import type { GroupRules } from './grouping';
import type { ProcessRow } from './snapshot';

/** What processes can be grouped by; `process`: not at all. */
export const GROUPINGS = ['process', 'cgroup', 'unit', 'user', 'name'] as const;
export type GroupedBy = (typeof GROUPINGS)[number];
export type ProcessGrouping = Exclude<GroupedBy, 'process'>;

const KEYS: Readonly<Record<ProcessGrouping, (row: ProcessRow) => string>> = {
  cgroup: ({ owner }) => owner.cgroup,
  unit: ({ owner }) => unitOf(owner.cgroup),
  user: ({ owner }) => owner.user,
  name: ({ comm }) => comm,
};

/** Processes that have one of these in common; also one that is alone in it. */
export class OwnedGroup extends ProcessGroup {
  /** What they have in common; '' for those of whom it is not known. */
  label = '';

  constructor(private readonly by: ProcessGrouping) {
    super();
  }

  protected override describe(rows: readonly ProcessRow[]): void {
    super.describe(rows);
    this.label = KEYS[this.by](rows[0]!);
  }
}

function ownedGroups(by: ProcessGrouping): GroupRules<ProcessRow, OwnedGroup, Traits> {
  return {
    traits: ({ owner, comm }) => ({ owner, comm }),
    has: (row, { owner, comm }) => row.owner === owner && row.comm === comm,
    key: KEYS[by],
    make: () => new OwnedGroup(by),
  };
}

interface Traits {
  readonly owner: Owner;
  readonly comm: string;
}

export type OwnedGrouping = Grouping<ProcessRow, OwnedGroup, Traits>;

export function ownedGrouping(by: ProcessGrouping): OwnedGrouping {
  return new Grouping(ownedGroups(by));
}
