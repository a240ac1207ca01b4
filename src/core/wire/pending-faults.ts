import { Columns, NO_BUFFER } from './columns';

/** Pending faults looked at per refresh; of more, the oldest. */
const PENDING_CAPACITY = 16384;
const HEADER_BYTES = 16;

/** What is known of the thread of a pending fault: whether it waits in it. */
export const Waits = {
  /** It does not (a signal ended the fault), or cannot be looked at. */
  UNKNOWN: 0,
  /** Entered so short ago that it is taken for being handled. */
  YOUNG: 1,
  /** /proc shows it blocked at the faulting instruction. */
  BLOCKED: 2,
  /** Nobody has looked yet. */
  UNSEEN: 3,
} as const;

/**
 * User-mode faults that have been entered and not completed, column by column: 4,000 threads may wait at
 * once, and this is asked for at every refresh. The addon's Session.pendingFaults fills the buffer:
 *
 *   header    f64 the time as of which they were open, u32 how many, u32 1 where faults that ended before
 *             that time may still come out of drain()
 *   columns   those below; addon/wire/pending_faults.h has the same
 *
 * Times are ns since the session's start.
 */
export class PendingFaults extends Columns {
  readonly entered = this.f64('entered', PENDING_CAPACITY);
  readonly addrLo = this.u32('addrLo', PENDING_CAPACITY);
  readonly addrHi = this.u32('addrHi', PENDING_CAPACITY);
  readonly ipLo = this.u32('ipLo', PENDING_CAPACITY);
  readonly ipHi = this.u32('ipHi', PENDING_CAPACITY);
  readonly pid = this.u32('pid', PENDING_CAPACITY);
  readonly tid = this.u32('tid', PENDING_CAPACITY);
  /** One of Waits; not the addon's. */
  readonly waits = new Uint8Array(PENDING_CAPACITY);
  private readonly times: Float64Array;
  private readonly counts: Uint32Array;

  constructor(buffer: ArrayBuffer = new ArrayBuffer(new PendingFaults(NO_BUFFER).bytes)) {
    super(buffer, HEADER_BYTES);
    const whole = buffer !== NO_BUFFER;
    this.times = new Float64Array(buffer, 0, whole ? 1 : 0);
    this.counts = new Uint32Array(buffer, whole ? 8 : 0, whole ? 2 : 0);
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
