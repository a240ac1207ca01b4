import { PendingFaults, Waits } from '../core/wire/pending-faults';
import { type AskBlocked, YOUNG_NS } from './unfinished';

/** Threads that are looked at at a time: of faults beyond them the wait is counted when they end. */
const LOOKS = 512;

/** Who tells which faults are open: the addon's Session. */
export interface OpenFaultSource {
  pendingFaults(buffer: ArrayBuffer): void;
}

interface Seen {
  readonly entered: number;
  blocked: boolean;
}

/** A fault whose thread is looked at. */
interface Looked {
  readonly pid: number;
  readonly tid: number;
  readonly ip: bigint;
  readonly entered: number;
}

/**
 * Tells of the open faults which threads really wait: an entry without completion may also have ended in
 * a signal, and only /proc knows. A number of threads is looked at each time, new ones first and the
 * others in turn; what is told is what the last looks have found.
 */
export class WaitingFaults {
  readonly faults = new PendingFaults();
  /** By the thread. */
  private seen = new Map<number, Seen>();
  private turn = 0;
  private asking = false;

  constructor(
    private readonly source: OpenFaultSource,
    private readonly askBlocked: AskBlocked,
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
        faults.waits[i] = Waits.UNSEEN;
        fresh.push(i);
        continue;
      }
      // One that waited when it was last looked at has just ended: until then it did wait.
      faults.waits[i] = before!.blocked ? Waits.BLOCKED : Waits.UNKNOWN;
      kept.set(faults.tid[i]!, before!);
      known.push(i);
    }
    this.seen = kept;
    this.ask(fresh, known);
    return faults;
  }

  /**
   * The same where all up to `ns` has been counted, whenever the session had its last look: capture ended then, or a
   * recording has been read so far. So time in faults is of as long as elapsed time is.
   */
  lookAsOf(ns: number): PendingFaults {
    const faults = this.look();
    faults.asOf = Math.max(faults.asOf, ns);
    return faults;
  }

  private ask(fresh: readonly number[], known: readonly number[]): void {
    if (this.asking) return;
    const places = fresh.slice(0, LOOKS);
    const left = Math.min(LOOKS - places.length, known.length);
    for (let n = 0; n < left; n++) places.push(known[this.turn++ % known.length]!);
    if (places.length === 0) return;
    const asked = places.map((i) => this.lookedAt(i));
    this.asking = true;
    this.askBlocked(asked, (blocked) => {
      this.asking = false;
      asked.forEach((fault, k) => {
        this.take(fault, blocked[k] === true, places[k]!);
      });
    });
  }

  private lookedAt(i: number): Looked {
    const { faults } = this;
    const ip = (BigInt(faults.ipHi[i]!) << 32n) | BigInt(faults.ipLo[i]!);
    return { pid: faults.pid[i]!, tid: faults.tid[i]!, ip, entered: faults.entered[i]! };
  }

  /** What a look has found: for the picture at hand too, where the fault stands in it still. */
  private take({ tid, entered }: Looked, blocked: boolean, place: number): void {
    const { faults, seen } = this;
    const later = seen.get(tid);
    if (later !== undefined && later.entered > entered) return;
    seen.set(tid, { entered, blocked });
    const stands = faults.tid[place] === tid && faults.entered[place] === entered;
    if (!stands || place >= faults.count) return;
    if (blocked) faults.waits[place] = Waits.BLOCKED;
    else if (faults.waits[place] === Waits.UNSEEN) faults.waits[place] = Waits.UNKNOWN;
  }
}
