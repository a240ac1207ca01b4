import type { CodeAddress } from '../code/address';
import { SiteTable } from '../code/site-table';
import type { StackTable } from '../code/stack-table';
import type { NameSource, TlsSource, UnwindSource } from '../ports';
import type { RegionTable } from '../regions/region-table';
import type { SlabPool } from '../stats/slab-pool';
import type { Tasks } from '../tasks/tasks';
import { RecordType } from '../wire/batch';
import type { Batch } from '../wire/batch';
import type { FaultColumns } from '../wire/fault-columns';
import type { Resolved } from '../wire/resolved';
import { CodeLoop } from './code-loop';
import type { FileEras } from './code-loop';
import { DataLoop } from './data-loop';
import { Makers } from './makers';
import { NameWatch, nameFrames } from './name-watch';
import type { Named } from './name-watch';
import { StackLoop } from './stack-loop';
import { TlsWatch } from './tls-watch';
import { UnwindLoop } from './unwind-loop';

/**
 * `sites`: faults are counted by the code that causes them, which is named when its names come. `faults`: the
 * data at their addresses is named too, and no fault is counted or written before its names have come.
 */
export type Symbols = 'off' | 'sites' | 'faults';

/** `count`: stacks are counted, and named when their names come. `faults`: as with Symbols. */
export type Stacks = 'off' | 'count' | 'faults';

interface Parts {
  readonly symbols: Exclude<Symbols, 'off'>;
  readonly stacks: Stacks;
  readonly tasks: Tasks;
  readonly regions: RegionTable;
  readonly columns: FaultColumns;
  readonly stats: SlabPool;
  /** Rows of call sites. */
  readonly cap: number;
  readonly files: FileEras;
  /** null: code goes by its addresses. */
  readonly names: NameSource | null;
  /** null: stacks come from the kernel. */
  readonly unwinder: UnwindSource | null;
  /** null: thread-local variables have no names. */
  readonly tls: TlsSource | null;
}

/** What is asked of a model, of this. */
interface Asked extends Partial<Pick<Parts, 'stacks' | 'names' | 'unwinder' | 'tls'>> {
  readonly symbols?: Symbols;
  readonly source: FileEras;
}

/** null where nobody asks for the code. */
export function attributionOf(
  asked: Asked,
  parts: Pick<Parts, 'tasks' | 'regions' | 'columns' | 'stats' | 'cap'>,
): Attribution | null {
  const { symbols = 'off', stacks = 'off', names = null, unwinder = null, tls = null } = asked;
  if (symbols === 'off') return null;
  return new Attribution({ ...parts, symbols, stacks, files: asked.source, names, unwinder, tls });
}

/** Which code causes faults and what data they hit. */
export class Attribution {
  readonly sites: SiteTable;
  private readonly codeLoop: CodeLoop;
  private readonly dataLoop: DataLoop | null;
  private readonly stackLoop: StackLoop | null;
  /** null where nobody asked for stacks. */
  readonly makers: Makers | null;
  private readonly unwindLoop: UnwindLoop | null;
  private readonly watch: NameWatch | null;
  /** A fault is written with names: they are waited for. */
  private readonly patient: boolean;
  /** The same of stacks. */
  private readonly stacksWaited: boolean;

  constructor(parts: Parts) {
    const { symbols, stacks, tasks, regions, columns, stats, cap, files, names } = parts;
    const { unwinder, tls } = parts;
    const sites = new SiteTable(stats, cap);
    this.sites = sites;
    this.codeLoop = new CodeLoop(tasks, sites.codes, files);
    const tlsWatch = tls === null ? null : new TlsWatch(tls, tasks);
    this.dataLoop =
      symbols === 'faults' ? new DataLoop(tasks, regions, columns, files, tlsWatch) : null;
    this.stackLoop = stacks === 'off' ? null : new StackLoop(tasks, files);
    this.unwindLoop =
      this.stackLoop === null || unwinder === null
        ? null
        : new UnwindLoop(unwinder, tasks, this.stackLoop.table, this.stackLoop.frames);
    this.makers =
      this.stackLoop === null ? null : new Makers(tasks, regions, this.stackLoop, this.unwindLoop);
    this.stacksWaited = stacks === 'faults';
    this.patient = symbols === 'faults' || stacks === 'faults';
    const tables: Named[] = [
      {
        codes: sites.codes,
        take: (answers) => {
          sites.nameAll(answers);
        },
      },
    ];
    if (this.dataLoop !== null) tables.push({ codes: this.dataLoop.codes, take: nameFrames });
    if (this.stackLoop !== null) {
      tables.push(namedStacks(this.stackLoop.table, unwinder === null));
    }
    this.watch =
      names === null
        ? null
        : new NameWatch(names, tables, (pid) => tasks.process(pid)?.alive === true);
  }

  /** Takes over stacks and names that have come, and asks for names of what is new; between batches. */
  takeAnswers(): void {
    this.unwindLoop?.takeAnswers();
    this.watch?.takeAnswers();
    if (this.unwindLoop !== null) this.watch?.ask();
  }

  /** Time has come so far, ns of the session. */
  tick(now: number): void {
    this.watch?.askAgain(now);
  }

  /** What was counted before is forgotten. */
  zero(): void {
    this.stackLoop?.table.zero();
    this.unwindLoop?.zero();
  }

  /** The same, and forgets what there are too many of. */
  beginBatch(batch: Batch, resolved: Resolved): void {
    this.takeAnswers();
    if (batch.faults > 0) this.tick(batch.time[batch.faults - 1]!);
    this.stackLoop?.beginBatch(batch, resolved);
    this.sites.makeRoom();
    this.dataLoop?.makeRoom();
  }

  /** Faults from (inclusive) to (exclusive), between two records, whose regions are known. */
  run(batch: Batch, resolved: Resolved, from: number, to: number): void {
    this.codeLoop.run(batch, resolved, from, to);
    this.dataLoop?.run(batch, resolved, from, to);
  }

  /**
   * Record r, where it is a stack, for which no fault need be resolved. undefined where it is none; false where an
   * answer is on its way: to be called again.
   */
  takeStack(batch: Batch, resolved: Resolved, r: number): boolean | undefined {
    switch (batch.recType[r]!) {
      case RecordType.STACK:
        return this.stackLoop?.take(batch, resolved, r) ?? true;
      case RecordType.STACK_COPY:
        return this.unwindLoop?.take(batch, resolved, r) ?? true;
      default:
        return undefined;
    }
  }

  /** null where nobody asked for them. */
  get stacks(): StackTable | null {
    return this.stackLoop?.table ?? null;
  }

  /**
   * All faults of the batch are resolved: has new addresses named. False where their names, or stacks, are to be
   * waited for: to be called again.
   */
  settle(batch: Batch, resolved: Resolved): boolean {
    const { watch, unwindLoop } = this;
    if (unwindLoop?.settle(batch, resolved, this.stacksWaited) === false) return false;
    if (this.dataLoop?.settle(batch, resolved) === false) return false;
    if (watch === null) return true;
    watch.ask();
    if (!this.patient) return true;
    watch.takeAnswers();
    return !watch.expecting;
  }

  /** What the faults of processes that are not kept in detail are counted under. */
  notInDetail(): number {
    return this.codeLoop.notInDetail();
  }

  code(number: number): CodeAddress | null {
    return this.sites.codes.address(number);
  }

  data(number: number): CodeAddress | null {
    return this.dataLoop?.codes.address(number) ?? null;
  }
}

function namedStacks(table: StackTable, walked: boolean): Named {
  return {
    walked,
    codes: table.codes,
    take: (answers) => {
      nameFrames(answers);
      table.named++;
    },
  };
}
