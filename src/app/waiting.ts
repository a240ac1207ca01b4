import { PendingFaults, Waits } from '../core/wire/pending-faults';
import { YOUNG_NS } from './unfinished';

/** Looks into /proc at a time, some 10 us each: of faults beyond them the wait is counted when they end. */
const LOOKS = 512;

/** Who tells which faults are open: the addon's Session. */
export interface OpenFaultSource {
  pendingFaults(buffer: ArrayBuffer): void;
}

/** Whether the thread is blocked in user mode at this instruction. */
export type BlockedAt = (pid: number, tid: number, ip: bigint) => boolean;

interface Seen {
  readonly entered: number;
  blocked: boolean;
}

/**
 * Tells of the open faults which threads really wait: an entry without completion may also have ended in
 * a signal, and only /proc knows. A number of threads is looked at each time, new ones first and the
 * others in turn.
 */
export class WaitingFaults {
  readonly faults = new PendingFaults();
  private seen = new Map<number, Seen>();
  private turn = 0;

  constructor(
    private readonly source: OpenFaultSource,
    private readonly blockedAt: BlockedAt,
  ) {}

  /** The open faults now, with what their threads do; filled again by the next call. */
  look(): PendingFaults {
    const { faults, seen } = this;
    this.source.pendingFaults(faults.buffer);
    const fresh: number[] = [];
    const known: number[] = [];
    const kept = new Map<number, Seen>();
    for (let i = 0; i < faults.count; i++) {
      if (faults.asOf - faults.entered[i]! < YOUNG_NS) {
        faults.waits[i] = Waits.YOUNG;
        continue;
      }
      const before = seen.get(faults.tid[i]!);
      if (before?.entered !== faults.entered[i]) {
        faults.waits[i] = Waits.UNKNOWN;
        fresh.push(i);
        continue;
      }
      faults.waits[i] = before!.blocked ? Waits.BLOCKED : Waits.UNKNOWN;
      kept.set(faults.tid[i]!, before!);
      known.push(i);
    }
    this.seen = kept;
    for (const i of fresh.slice(0, LOOKS)) this.lookAt(i);
    const left = Math.min(LOOKS - fresh.length, known.length);
    for (let n = 0; n < left; n++) this.lookAt(known[this.turn++ % known.length]!);
    return faults;
  }

  private lookAt(i: number): void {
    const { faults } = this;
    const tid = faults.tid[i]!;
    const ip = (BigInt(faults.ipHi[i]!) << 32n) | BigInt(faults.ipLo[i]!);
    const blocked = this.blockedAt(faults.pid[i]!, tid, ip);
    this.seen.set(tid, { entered: faults.entered[i]!, blocked });
    // One that waited when it was last looked at has just ended: until then it did wait.
    if (blocked) faults.waits[i] = Waits.BLOCKED;
  }
}
