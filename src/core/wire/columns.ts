/** What a column's values are: f64 and unsigned integers. */
export type ColumnType = 'f64' | 'u32' | 'u16' | 'u8';

/** A column of a buffer that the addon fills: its place there, and what it is called. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly rows: number;
  /** Bytes from the buffer's start. */
  readonly offset: number;
}

type View = Float64Array | Uint32Array | Uint16Array | Uint8Array;

/** Views of nothing: for the list alone. */
export const NO_BUFFER = new ArrayBuffer(0);

/**
 * Columns of one buffer, each behind the one before, in the order in which a class that extends this
 * declares them: a member is the only place that names its column. addon/wire has the same lists, and the
 * loader compares the two.
 */
export class Columns {
  /** In the order of the buffer. */
  readonly columns: Column[] = [];
  /** Bytes that header and columns take. */
  bytes: number;
  private readonly views: View[] = [];

  /** @param buffer where the columns lie; NO_BUFFER for what they take */
  constructor(
    readonly buffer: ArrayBuffer,
    header: number,
  ) {
    this.bytes = header;
  }

  protected f64(name: string, rows: number): Float64Array {
    return this.keep(new Float64Array(this.buffer, ...this.place(name, 'f64', 8, rows)));
  }

  protected u32(name: string, rows: number): Uint32Array {
    return this.keep(new Uint32Array(this.buffer, ...this.place(name, 'u32', 4, rows)));
  }

  protected u16(name: string, rows: number): Uint16Array {
    return this.keep(new Uint16Array(this.buffer, ...this.place(name, 'u16', 2, rows)));
  }

  protected u8(name: string, rows: number): Uint8Array {
    return this.keep(new Uint8Array(this.buffer, ...this.place(name, 'u8', 1, rows)));
  }

  /** The views of the columns that have been declared. */
  protected soFar(): readonly View[] {
    return [...this.views];
  }

  private keep<T extends View>(view: T): T {
    this.views.push(view);
    return view;
  }

  /** Offset and length of the view. */
  private place(name: string, type: ColumnType, width: number, rows: number): [number, number] {
    const offset = this.bytes;
    this.columns.push({ name, type, rows, offset });
    // Every column begins on 8 bytes, so that any typed array can view it.
    this.bytes = (offset + width * rows + 7) & ~7;
    return this.buffer === NO_BUFFER ? [0, 0] : [offset, rows];
  }
}

/** Where two lists differ, in words; '' where they are the same. */
export function columnsDiffer(ours: readonly Column[], theirs: readonly Column[]): string {
  const words = (column: Column | undefined): string =>
    column === undefined
      ? 'nothing'
      : `${column.name} (${column.type}, ${column.rows} rows at ${column.offset})`;
  for (let i = 0; i < Math.max(ours.length, theirs.length); i++) {
    const [our, their] = [words(ours[i]), words(theirs[i])];
    if (our !== their) return `column ${i} is ${their} where ${our} is needed`;
  }
  return '';
}
