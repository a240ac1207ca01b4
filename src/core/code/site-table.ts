import type { Batch } from '../wire/batch';
import { FAULT_CAPACITY } from '../wire/batch';
import type { FaultColumns } from '../wire/fault-columns';
import type { Resolved } from '../wire/resolved';
import { PairCounts } from '../stats/pair-counts';
import type { More } from '../stats/more';
import { RowTable } from '../stats/row-table';
import type { SlabPool } from '../stats/slab-pool';
import { bareName } from './address';
import type { CodeAddress, CodeFrame } from './address';
import { CodeTable } from './code-table';
import { NOT_IN_DETAIL, OTHERS } from '../stats/limits';

/** What a row of call sites shows. Replaced, never changed, when its name becomes known. */
export interface SiteInfo {
  /** Under which the row is found again; '' for rows that stand for several. */
  readonly key: string;
  /** The function of the symbol table; '' where it is not known. Raw. */
  readonly function: string;
  /** The innermost function that was inlined there, '' for none. Raw. */
  readonly inlined: string;
  /** '' and 0 where the line is not known. Raw. */
  readonly file: string;
  readonly line: number;
  /** What the code belongs to, and the path where that is a file. Raw. */
  readonly object: string;
  readonly path: string;
  /** Of its first instruction: file offset, or address, in two halves. */
  readonly high: number;
  readonly low: number;
}

/** What an instruction is called from now on. */
interface Naming {
  readonly address: CodeAddress;
  readonly frames: readonly CodeFrame[];
  /** '' where it is that of the place. */
  readonly object: string;
}

const UNKNOWN: SiteInfo = {
  key: '-',
  function: '',
  inlined: '',
  file: '',
  line: 0,
  object: '[unknown]',
  path: '',
  high: 0,
  low: 0,
};

/** Rows whose pairs wait to be moved: a pass over the tables of pairs takes milliseconds, and names come by the dozen. */
const MAX_MOVED = 1024;

/** Tables whose rows are told of by which code their faults were caused. */
export type PairedTable = 'regions' | 'threads' | 'processes';

/**
 * Faults by the code that caused them. Until its name is known an instruction has a row of its own; then
 * all instructions of one line of one function share one. What has been counted moves with them.
 */
export class SiteTable {
  readonly codes = new CodeTable();
  readonly rows: RowTable<SiteInfo>;
  /** Faults per (row, site), by the table of the row; those of `moved` under their old slots. */
  private readonly paired: Readonly<Record<PairedTable, PairCounts>> = {
    regions: new PairCounts(),
    threads: new PairCounts(),
    processes: new PairCounts(),
  };
  private readonly slots = new Uint32Array(FAULT_CAPACITY);
  private readonly byKey = new Map<string, number>();
  /** Slots of instructions by their number; -1 before the first fault that is counted. */
  private rowOf: Int32Array;
  /** Slots whose counts have moved to others, and where to. Nothing else gets them until their pairs have moved too. */
  private readonly moved = new Map<number, number>();

  constructor(pool: SlabPool, cap: number) {
    this.rowOf = new Int32Array(1024).fill(-1);
    const several = { key: '', function: '', inlined: '', file: '', line: 0, high: 0, low: 0 };
    this.rows = new RowTable<SiteInfo>(pool, {
      cap,
      foldKey: (site) => `${site.object}\n${site.path}`,
      folded: (site) => ({ ...site, ...several }),
      kindKey: () => '',
      others: () => ({ ...several, object: OTHERS, path: '' }),
    });
  }

  /** Counts the kept faults of a batch whose codes are resolved. */
  add(batch: Batch, resolved: Resolved, columns: FaultColumns): void {
    this.findSlots(batch, resolved);
    this.rows.stats.add(this.slots, batch, resolved, columns);
    this.pair(batch, resolved, columns, 1);
  }

  /** See StatTable.remove. */
  remove(batch: Batch, resolved: Resolved, columns: FaultColumns): void {
    this.findSlots(batch, resolved);
    this.rows.stats.remove(this.slots, batch, resolved, columns);
    this.pair(batch, resolved, columns, -1);
  }

  /** See StatTable.past; of the batch that add() was called with last. */
  past(batch: Batch, resolved: Resolved): void {
    this.rows.stats.past(this.slots, batch, resolved);
  }

  /** See StatTable.more; of the batch that add() or remove() was called with last. */
  more(batch: Batch, resolved: Resolved, columns: FaultColumns, more: More): void {
    const { slots, paired: pairs } = this;
    const { region, thread, keep } = resolved;
    this.rows.stats.more(slots, batch.weight, batch, resolved, columns, more);
    pairs.regions.more(batch, region, slots, keep, more.sign);
    pairs.threads.more(batch, thread, slots, keep, more.sign);
    pairs.processes.more(batch, columns.process, slots, keep, more.sign);
  }

  private findSlots(batch: Batch, { code, keep }: Resolved): void {
    const { slots } = this;
    this.reach(this.codes.limit);
    const { rowOf } = this;
    for (let i = 0; i < batch.faults; i++) {
      if (keep[i] === 0) continue;
      const row = rowOf[code[i]!]!;
      slots[i] = row >= 0 ? row : this.begin(code[i]!);
    }
  }

  private pair(batch: Batch, resolved: Resolved, columns: FaultColumns, weight: number): void {
    const { slots, paired: pairs } = this;
    const { faults } = batch;
    const { region, thread, keep } = resolved;
    pairs.regions.add(faults, region, slots, keep, weight);
    pairs.threads.add(faults, thread, slots, keep, weight);
    pairs.processes.add(faults, columns.process, slots, keep, weight);
  }

  private reach(limit: number): void {
    if (limit <= this.rowOf.length) return;
    const grown = new Int32Array(Math.max(limit, this.rowOf.length * 2)).fill(-1);
    grown.set(this.rowOf);
    this.rowOf = grown;
  }

  /** The row of an instruction that is counted for the first time. */
  private begin(code: number): number {
    const address = this.codes.address(code);
    const info = address === null ? UNKNOWN : infoOf(address);
    const known = this.byKey.get(info.key);
    return (this.rowOf[code] = known ?? this.create(info));
  }

  /** Id of the row in which an instruction counts, that of another table too; 0 where it has none of its own. */
  idOf(address: CodeAddress): number {
    const slot = this.byKey.get(infoOf(address).key);
    return slot === undefined ? 0 : this.rows.stats.id(slot);
  }

  private create(info: SiteInfo): number {
    const slot = this.rows.create(info);
    if (!this.rows.stands(slot)) this.byKey.set(info.key, slot);
    return slot;
  }

  /** Faults per (row, site), by the table of the row. */
  get pairs(): Readonly<Record<PairedTable, PairCounts>> {
    this.movePairs();
    return this.paired;
  }

  /** The names of instructions, all still in the table, have become known; between batches, or before one is counted. */
  nameAll(answers: readonly Naming[]): void {
    for (const answer of answers) this.name(answer);
    if (this.moved.size >= MAX_MOVED) this.movePairs();
  }

  private movePairs(): void {
    const { moved, rows } = this;
    if (moved.size === 0) return;

    this.follow((slot) => {
      let to = slot;
      // A row that took another may have been taken itself.
      for (let next = moved.get(to); next !== undefined; next = moved.get(to)) to = next;
      return to;
    });
    for (const slot of moved.keys()) rows.giveBack(slot);
    moved.clear();
  }

  private name({ address, frames, object }: Naming): void {
    const before = infoOf(address).key;
    address.frames = frames;
    if (object !== '') address.object = object;
    const info = infoOf(address);
    if (info.key === before) return;
    const own = this.byKey.get(before);
    const current =
      this.codes.address(address.code) === address && address.code < this.rowOf.length;
    const shared = this.byKey.get(info.key);
    if (current) this.rowOf[address.code] = own === undefined ? -1 : (shared ?? own);
    if (own === undefined) return;
    this.byKey.delete(before);
    if (shared === undefined) {
      this.rows.set(own, info);
      this.byKey.set(info.key, own);
      return;
    }
    this.rows.absorb(own, shared);
    this.moved.set(own, shared);
  }

  /** Between batches: no more is kept than there is room for. */
  makeRoom(): void {
    if (this.codes.crowded) {
      this.codes.clear();
      this.rowOf.fill(-1);
    }
    if (!this.rows.overCap && !this.rows.full) return;
    this.movePairs();
    if (this.rows.overCap || this.rows.full) this.fold();
  }

  private fold(): void {
    const where = this.rows.fold(
      () => false,
      () => false,
      (slot, { key }) => {
        if (key !== '' && this.byKey.get(key) === slot) this.byKey.delete(key);
      },
    );
    this.follow((slot) => where[slot] ?? slot);
    const { rowOf } = this;
    for (let code = 0; code < rowOf.length; code++) {
      const row = rowOf[code]!;
      // What goes on gets a row of its own again.
      if (row >= 0 && where[row] !== row) rowOf[code] = -1;
    }
  }

  /** Rows of another table got other slots; -1 for those that are gone. */
  followRows(table: PairedTable, where: Int32Array): void {
    this.paired[table].remap(where, null);
  }

  zeroPairs(): void {
    for (const pairs of Object.values(this.paired)) pairs.clear();
  }

  private follow(to: (slot: number) => number): void {
    const where = new Int32Array(this.rows.stats.limit);
    for (let slot = 0; slot < where.length; slot++) where[slot] = to(slot);
    for (const pairs of Object.values(this.paired)) pairs.remap(null, where);
  }
}

function infoOf(address: CodeAddress): SiteInfo {
  const { place, object, high, low, frames } = address;
  // No spreads: processInfo() says why.
  const { path } = place;
  const inner = frames?.[0];
  const outer = frames?.at(-1);
  if (inner === undefined || outer === undefined || outer.function === '') {
    const key = `${place.key}\n${high}:${low}`;
    const { file, line } = inner ?? UNKNOWN;
    return { key, function: '', inlined: '', file, line, object, path, high, low };
  }
  const inlined = inner === outer ? '' : inner.function;
  const { file, line } = inner;
  // Static functions of one name are told apart by where they begin.
  const start = ((BigInt(high) << 32n) | BigInt(low)) - BigInt(outer.offset);
  const key = `${place.key}\n${start}\n${outer.function}\n${inlined}\n${file}:${line}`;
  return { key, function: outer.function, inlined, file, line, object, path, high, low };
}

/** What a person reads where a row is about code: the function, or the address within its object. */
export function siteLabel(site: SiteInfo): string {
  if (site.function !== '')
    return site.inlined === '' ? site.function : `${site.inlined} (in ${site.function})`;
  const nameless = site.key === '' || site.key === UNKNOWN.key || site.object === NOT_IN_DETAIL;
  return nameless ? site.object : bareName(site);
}

/** Whether an instruction counts in a row that shows this. */
export function isOfSite(
  address: CodeAddress | null,
  site: Pick<SiteInfo, 'file' | 'line' | 'object'> & { readonly label: string },
): boolean {
  const info = address === null ? UNKNOWN : infoOf(address);
  return (
    siteLabel(info) === site.label &&
    info.object === site.object &&
    info.file === site.file &&
    info.line === site.line
  );
}
