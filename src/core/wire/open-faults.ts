/** Open faults looked at per refresh; of more, the oldest. */
const OPEN_CAPACITY = 16384;
const HEADER_BYTES = 16;
const WORD_COLUMNS = 6;

/** What is known of the thread of an open fault: whether it waits in it. */
export const Waits = {
  /** It does not (a signal ended the fault), or nobody has looked yet. */
  UNKNOWN: 0,
  /** Entered so short ago that it is taken for being handled. */
  YOUNG: 1,
  /** /proc shows it blocked at the faulting instruction. */
  BLOCKED: 2,
} as const;

/**
 * User-mode faults that have been entered and not completed, column by column: 4,000 threads may wait at
 * once, and this is asked for at every refresh. The addon's Session.openFaults fills the buffer:
 *
 *   header    f64 the time as of which they were open, u32 how many, u32 1 where faults that ended before
 *             that time may still come out of drain()
 *   columns   f64 entered; u32 address low, high, ip low, high, pid, tid
 *
 * Times are ns since the session's start.
 */
export class OpenFaults {
  readonly buffer = new ArrayBuffer(HEADER_BYTES + (8 + 4 * WORD_COLUMNS) * OPEN_CAPACITY);
  readonly entered = new Float64Array(this.buffer, HEADER_BYTES, OPEN_CAPACITY);
  readonly addrLo = this.words(0);
  readonly addrHi = this.words(1);
  readonly ipLo = this.words(2);
  readonly ipHi = this.words(3);
  readonly pid = this.words(4);
  readonly tid = this.words(5);
  /** One of Waits; not the addon's. */
  readonly waits = new Uint8Array(OPEN_CAPACITY);
  private readonly times = new Float64Array(this.buffer, 0, 1);
  private readonly counts = new Uint32Array(this.buffer, 8, 2);

  private words(column: number): Uint32Array {
    const at = HEADER_BYTES + (8 + 4 * column) * OPEN_CAPACITY;
    return new Uint32Array(this.buffer, at, OPEN_CAPACITY);
  }

  /** The faults were open at this time. */
  get asOf(): number {
    return this.times[0]!;
  }
  set asOf(ns: number) {
    this.times[0] = ns;
  }

  get count(): number {
    return this.counts[0]!;
  }
  set count(n: number) {
    this.counts[0] = n;
  }

  /** Faults that ended before `asOf` may not have been drained yet. */
  get behind(): boolean {
    return this.counts[1] !== 0;
  }
  set behind(behind: boolean) {
    this.counts[1] = behind ? 1 : 0;
  }

  /** The 4 KiB page number of fault i's address. */
  page(i: number): number {
    return this.addrHi[i]! * 0x100000 + (this.addrLo[i]! >>> 12);
  }
}
