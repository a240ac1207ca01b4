import type { Answerer, SystemFacts } from '../classify/cause-text';
import type { SiteTable } from '../code/site-table';
import type { StackTable } from '../code/stack-table';
import type { ServerSource } from '../ports';
import type { RegionTable } from '../regions/region-table';
import type { Counters } from '../resolve/counters';
import type { HugePageWatch } from '../resolve/huge-page-watch';
import type { Limits } from '../stats/limits';
import type { SlabPool } from '../stats/slab-pool';
import type { CommTable } from '../tasks/comm-names';
import type { Tasks } from '../tasks/tasks';
import type { VmaPool } from '../vma/vma-pool';

/** The tables of the model, as snapshots read them. */
export interface ModelTables {
  readonly limits: Limits;
  readonly comms: CommTable;
  readonly regions: RegionTable;
  readonly tasks: Tasks;
  readonly counters: Counters;
  /** null where nobody asked for the code. */
  readonly sites: SiteTable | null;
  /** null where nobody asked for them. */
  readonly stacks: StackTable | null;
  /** Of some mappings it is not known who made them, for want of room. */
  readonly makersCapped: boolean;
  readonly pages: SlabPool;
  readonly stats: SlabPool;
  readonly spaces: VmaPool;
  readonly system: SystemFacts;
  readonly answerer: Answerer;
  readonly hugePages: HugePageWatch;
  /** null where nobody knows on whom faults wait. */
  readonly servers: ServerSource | null;
  /** Why faults ended in SIGBUS, in words. */
  readonly busReasons: readonly string[];
}
