import { Guard } from '../../core/classify/rules';
import type { GuardedRange } from '../../core/classify/guarded-ranges';
import type { GuardAnswer, GuardSource } from '../../core/ports';
import { BoundedMap } from '../bounded-map';
import { Operation } from '../reader/operations';
import type { Readers } from '../reader/readers';
import { pidRequest } from '../reader/requests';
import { Answers } from './answers';
import { SmapsLook } from './smaps-look';

/** Time between two looks at one process: at least this, doubled by each that finds nothing up to the second. */
const FLOOR_NS = 200e6;
const CEILING_NS = 60e9;
const MAX_PACED = 4096;
const RANGE_BYTES = 17;
/** The same numbers as in addon/reader/guards.cc. */
const ABSENT = 1;
const WRITE = 2;
/** kMaxGuardedRanges of addon/reader/smaps.h. */
const MAX_RANGES = 4096;
/** Pages of 64 bits of addresses. */
const MAX_PAGES = 2 ** 52;

interface Pace {
  /** Not before this time, ns. */
  readonly next: number;
  /** What is waited after a look that finds nothing, ns. */
  readonly floor: number;
  readonly space: string;
}

/** Looks for memory that is registered with userfaultfd by way of the readers, at a limited rate. */
export class Guards implements GuardSource {
  private readonly paces = new BoundedMap<number, Pace>(MAX_PACED);
  private readonly smaps: SmapsLook;
  private readonly answers = new Answers<GuardAnswer>();

  /** `now` gives ns since the session's start. */
  constructor(
    readers: Pick<Readers, 'ask'>,
    private readonly now: () => number,
    private readonly servers: { meetUserfaultfd(pid: number): void } | null = null,
  ) {
    this.smaps = new SmapsLook(readers, now);
  }

  askGuards(pid: number, space: string): void {
    if (this.smaps.busy) return;
    const begun = this.now();
    const pace = this.paces.get(pid);
    const known = pace?.space === space ? pace : undefined;
    if (known !== undefined && begun < known.next) return;
    this.smaps.ask(Operation.GUARDS, pid, pidRequest(pid), (payload, rest) => {
      const told = payload === null ? null : parsed(payload);
      const found = told !== null && told.ranges.length > 0;
      const floor = found ? FLOOR_NS : Math.min((known?.floor ?? FLOOR_NS / 2) * 2, CEILING_NS);
      this.paces.set(pid, { next: this.now() + Math.max(floor, rest), floor, space });
      if (found) this.servers?.meetUserfaultfd(pid);
      if (told !== null) this.answers.add({ pid, space, asOf: begun, ...told });
    });
  }

  takeGuards(): readonly GuardAnswer[] {
    return this.answers.take();
  }
}

/**
 * u8 the process holds a userfaultfd; then u64 start page, u64 end page, u8 flags of each range, ascending.
 * null: that is no answer.
 */
function parsed(payload: Buffer): Pick<GuardAnswer, 'bySelf' | 'ranges'> | null {
  const count = (payload.length - 1) / RANGE_BYTES;
  if (!Number.isInteger(count) || count > MAX_RANGES) return null;
  const ranges: GuardedRange[] = [];
  for (let at = 1, floor = 0; at < payload.length; at += RANGE_BYTES) {
    const start = Number(payload.readBigUInt64LE(at));
    const end = Number(payload.readBigUInt64LE(at + 8));
    if (start < floor || end <= start || end > MAX_PAGES) return null;
    floor = end;
    const flags = payload[at + 16]!;
    const guard =
      ((flags & ABSENT) !== 0 ? Guard.ABSENT : 0) | ((flags & WRITE) !== 0 ? Guard.WRITE : 0);
    ranges.push({ start, end, guard });
  }
  return { bySelf: payload[0] === 1, ranges };
}
