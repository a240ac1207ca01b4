import type {
  BusSource,
  GuardSource,
  HugePageSource,
  MapsAnswer,
  NameSource,
  OwnerSource,
  ProcSource,
  ServerSource,
  SpaceSource,
  TlsSource,
  UnwindSource,
} from '../ports';
import type { Stacks, Symbols } from './attribution';
import type { Depth } from './counters';
import type { Limits } from '../stats/limits';

export interface ModelOptions {
  readonly source: ProcSource;
  /** Without it no fault has the cause userfaultfd. */
  readonly guards?: GuardSource | null;
  /** Without it nobody knows what keeps memory out of huge pages. */
  readonly hugePages?: HugePageSource | null;
  /** Without it nobody knows whose processes are. */
  readonly owners?: OwnerSource | null;
  /** Without it nobody knows on whom faults wait. */
  readonly servers?: ServerSource | null;
  /** Without it no SIGBUS is explained. */
  readonly bus?: BusSource | null;
  /** What faults are to be counted, and named, by the code that causes them. 'off' by default. */
  readonly symbols?: Symbols;
  /** What call stacks are counted for; not with `symbols` off. 'off' by default. */
  readonly stacks?: Stacks;
  /** Without it code goes by its addresses. */
  readonly names?: NameSource | null;
  /** Without it stacks come from the kernel, which has walked them. */
  readonly unwinder?: UnwindSource | null;
  /**
   * Address spaces are read when they matter, and rows below the processes kept of those that are opened or hot
   * (Details). Without it every process is kept in detail, and its maps are waited for.
   */
  readonly spaces?: SpaceSource | null;
  /** Without it thread-local variables have no names. */
  readonly tls?: TlsSource | null;
  /** No more than is shown in the end: rows cost as much as all the rest. 'detail' by default. */
  readonly depth?: Depth;
  /** Caps, for tests of what happens when they are reached. */
  readonly limits?: Partial<Limits>;
  /** ns since the session's start; the counters run from here. */
  readonly startedAt?: number;
}

/** A process that was there at attach. */
export interface InitialProcess {
  readonly ppid: number;
  readonly comm: string;
  /** Its live threads. Without them the process is taken to end with the first thread. */
  readonly tids?: readonly number[];
  /** null where they are still to be read: the first record or fault of the process waits for them. */
  readonly maps: MapsAnswer | null;
}
