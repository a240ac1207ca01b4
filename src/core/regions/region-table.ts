import type { Maker } from '../code/maker';
import { HeatTable } from '../stats/heat';
import { NO_REGION, slotOf } from './region-code';
import { sharedLabel } from './region-label';
import { RowTable } from '../stats/row-table';
import type { SlabPool } from '../stats/slab-pool';
import { RegionKind } from '../classify/classes';
import { NOT_IN_DETAIL, OTHERS } from '../stats/limits';

/** What a row of the region table shows. Replaced, never changed, when a label changes. */
export interface RegionInfo {
  /** One of RegionKind. */
  readonly kind: number;
  readonly label: string;
  readonly path: string;
  readonly section: string;
  readonly permissions: string;
  /** 0 for rows that stand for several. */
  readonly pid: number;
  readonly comm: string;
  /** Heat is kept by page of the file, not by page of the address space. */
  readonly byFile: boolean;
  /** That its file is on (`MAJOR:MINOR`); '' for others, and for rows that stand for several. */
  readonly device: string;
  /** Under which the row is found again; '' for rows that are found through the VMA map alone. */
  readonly key: string;
}

/** Call stacks that are told apart in one row. */
const MAKERS = 16;

/** Rows of regions: counters, what they show, where they lie, where their faults fall. */
export class RegionTable {
  readonly rows: RowTable<RegionInfo>;
  readonly heat: HeatTable;
  private readonly byKey = new Map<string, number>();
  /** Pages that each call stack has mapped of a row, by the number of the stack. */
  private readonly makers = new Map<number, Map<number, number>>();
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  /** Rises when a slot may have got another meaning. */
  epoch = 0;

  constructor(pool: SlabPool, cap: number) {
    this.heat = new HeatTable(pool);
    const none = { path: '', section: '', pid: 0, byFile: false, device: '', key: '' };
    this.rows = new RowTable<RegionInfo>(pool, {
      cap,
      foldKey: (r) => `${r.comm}\n${r.kind}\n${r.permissions}\n${sharedLabel(r.label)}`,
      folded: (r) => ({
        ...r,
        ...none,
        label: sharedLabel(r.label),
        path: r.path,
        section: r.section,
      }),
      kindKey: (r) => String(r.kind),
      others: (r) => ({ ...none, kind: r.kind, label: OTHERS, permissions: '', comm: '' }),
    });
  }

  /**
   * The row of a key, made when it is not there. `start` and `end` are the mapping's pages, `heatStart`
   * and `heatEnd` the range its heat begins with.
   */
  find(info: RegionInfo, start: number, end: number, heatStart: number, heatEnd: number): number {
    if (info.key !== '') {
      const known = this.byKey.get(info.key);
      if (known !== undefined) {
        this.widen(known, start, end);
        return known;
      }
    }
    const slot = this.rows.create(info);
    if (this.rows.stands(slot)) return slot;
    if (info.key !== '') this.byKey.set(info.key, slot);
    this.starts[slot] = start;
    this.ends[slot] = end;
    this.heat.open(slot, heatStart, heatEnd);
    return slot;
  }

  /** The row of the regions of all processes that are not kept in detail, or whose maps have not been read. */
  rest(): number {
    return this.rows.rest({
      ...{ path: '', section: '', permissions: '', pid: 0, comm: '', byFile: false },
      ...{ device: '', key: '' },
      kind: RegionKind.UNKNOWN,
      label: NOT_IN_DETAIL,
    });
  }

  /** The mapping is another's now: the same row under another label. */
  relabel(slot: number, info: RegionInfo): void {
    const before = this.rows.info(slot);
    if (before !== null && before.key !== '') this.byKey.delete(before.key);
    if (info.key !== '') this.byKey.set(info.key, slot);
    this.rows.set(slot, info);
    this.epoch++;
  }

  /** What a mapping of a region has grown to, before it is less or gone: nobody looks as often as a heap is trimmed. */
  readonly noteExtent = (code: number, start: number, end: number): void => {
    if (code > NO_REGION) this.widen(slotOf(code), start, end);
  };

  widen(slot: number, start: number, end: number): void {
    if (start >= this.starts[slot]! && end <= this.ends[slot]!) return;
    if (this.rows.stands(slot)) return;
    this.starts[slot] = Math.min(start, this.starts[slot]!);
    this.ends[slot] = Math.max(end, this.ends[slot]!);
    this.rows.stats.revise(slot);
  }

  /** Somebody has mapped so many pages of a row. */
  madeBy(slot: number, maker: Maker, pages: number): void {
    if (this.rows.stands(slot)) return;
    const id = this.rows.stats.id(slot);
    maker.whenKnown((stack) => {
      // The row may be another's by then.
      if (this.rows.stats.id(slot) === id) this.count(slot, stack, pages);
    });
  }

  private count(slot: number, stack: number, pages: number): void {
    let stacks = this.makers.get(slot);
    if (stacks === undefined) this.makers.set(slot, (stacks = new Map<number, number>()));
    const before = stacks.get(stack);
    if (before !== undefined || stacks.size < MAKERS) stacks.set(stack, (before ?? 0) + pages);
    this.rows.stats.revise(slot);
  }

  /** The stack that has mapped most of a row; 0 where none was seen. */
  makerOf(slot: number): number {
    let most = 0;
    let found = 0;
    for (const [stack, pages] of this.makers.get(slot) ?? []) {
      if (pages <= most) continue;
      most = pages;
      found = stack;
    }
    return found;
  }

  /** Pages; 0 for rows that stand for several. */
  startPage(slot: number): number {
    return this.rows.stands(slot) ? 0 : this.starts[slot]!;
  }

  endPage(slot: number): number {
    return this.rows.stands(slot) ? 0 : this.ends[slot]!;
  }

  /** See RowTable.fold. */
  fold(isLive: (slot: number) => boolean, settled: (info: RegionInfo) => boolean): Int32Array {
    this.epoch++;
    return this.rows.fold(isLive, settled, (slot, info) => {
      this.heat.close(slot);
      this.makers.delete(slot);
      if (info.key !== '' && this.byKey.get(info.key) === slot) this.byKey.delete(info.key);
    });
  }
}
