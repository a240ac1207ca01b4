import type { FaultView, HexField } from '../../core/columns/fault-fields';
import type { Bytes, Piece } from './bytes';
import { Memo } from './memo';
import type { NameCache } from './names';

/**
 * A part of a record. A class per kind of value instead of one loop over kinds: each write() is compiled
 * by itself, with all that it calls inlined, and such a loop is too large for that.
 */
export interface Part {
  write(out: Bytes, i: number): void;
  /** Codes may mean something else from here on. */
  nextBatch(): void;
}

/** A number of each fault, from a column where there is one. */
export type Numbers = Uint32Array | ((view: FaultView, i: number) => number);

/** A 64-bit address. */
export class HexPart implements Part {
  private readonly high: Uint32Array;
  private readonly low: Uint32Array;
  private readonly flags: Uint8Array;
  private readonly mask: number;
  private readonly expected: number;

  /** `quote` is the character around it, 0 for none; it is part of `lead` already. */
  constructor(
    view: FaultView,
    field: HexField,
    private readonly lead: Piece,
    private readonly quote: number,
    private readonly absent: Piece,
  ) {
    this.high = field.high(view);
    this.low = field.low(view);
    this.flags = view.batch.flags;
    this.mask = field.mask;
    this.expected = field.expected;
  }

  write(out: Bytes, i: number): void {
    if ((this.flags[i]! & this.mask) !== this.expected) {
      out.append(this.absent);
      return;
    }
    out.append(this.lead);
    out.hex(this.high[i]!, this.low[i]!);
    if (this.quote !== 0) out.byte(this.quote);
  }

  nextBatch(): void {
    // The columns stay the same.
  }
}

/** A number from a column of doubles, absent where it is negative. */
export class DoublePart implements Part {
  constructor(
    private readonly column: Float64Array,
    private readonly lead: Piece,
    private readonly absent: Piece,
  ) {}

  write(out: Bytes, i: number): void {
    const value = this.column[i]!;
    if (value < 0) {
      out.append(this.absent);
      return;
    }
    out.append(this.lead);
    out.uint(value);
  }

  nextBatch(): void {
    // The column stays the same.
  }
}

/** A number that has to be computed, absent where it is negative. */
export class ComputedPart implements Part {
  constructor(
    private readonly view: FaultView,
    private readonly value: (view: FaultView, i: number) => number,
    private readonly lead: Piece,
    private readonly absent: Piece,
  ) {}

  write(out: Bytes, i: number): void {
    const value = this.value(this.view, i);
    if (value < 0) {
      out.append(this.absent);
      return;
    }
    out.append(this.lead);
    out.uint(value);
  }

  nextBatch(): void {
    // Nothing is kept.
  }
}

/** A text by its code, with what stands before it. */
export class TextPart implements Part {
  constructor(
    private readonly view: FaultView,
    private readonly code: (view: FaultView, i: number) => number,
    private readonly cache: NameCache,
  ) {}

  write(out: Bytes, i: number): void {
    out.append(this.cache.get(this.code(this.view, i)));
  }

  nextBatch(): void {
    this.cache.nextBatch();
  }
}

/** What is the same in every record. */
export class ConstantPart implements Part {
  constructor(private readonly piece: Piece) {}

  write(out: Bytes): void {
    out.append(this.piece);
  }

  nextBatch(): void {
    // The same in every batch.
  }
}

/** Parts that mostly repeat, written in one piece where they do. */
export class RunPart implements Part {
  private readonly columns: Uint32Array[] = [];
  private readonly computed: ((view: FaultView, i: number) => number)[] = [];
  private readonly memo: Memo;

  /** `numbers` together tell what the parts write. */
  constructor(
    private readonly view: FaultView,
    private readonly parts: readonly Part[],
    numbers: ReadonlySet<Numbers>,
  ) {
    for (const source of numbers) {
      if (typeof source === 'function') this.computed.push(source);
      else this.columns.push(source);
    }
    this.memo = new Memo(numbers.size);
  }

  write(out: Bytes, i: number): void {
    const { columns, computed, view, memo } = this;
    const { key } = memo;
    let k = 0;
    for (; k < columns.length; k++) key[k] = columns[k]![i]!;
    for (let c = 0; k < key.length; c++, k++) key[k] = computed[c]!(view, i);
    const slot = memo.recall(out);
    if (slot < 0) return;
    const start = out.length;
    for (const part of this.parts) part.write(out, i);
    memo.keep(slot, out, start);
  }

  nextBatch(): void {
    this.memo.nextBatch();
    for (const part of this.parts) part.nextBatch();
  }
}
