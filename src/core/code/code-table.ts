import { FAULT_CAPACITY } from '../wire/batch';
import type { CodeAddress, CodePlace } from './address';

/** Instructions told apart at a time; within one batch as many more as it has faults. */
const CODE_CAP = 65_536;
const PLACE_CAP = 4096;
const ROOM = CODE_CAP + FAULT_CAPACITY;
/** A power of two above ROOM, so that a quarter of the slots stay empty. */
const SLOTS_LOG2 = 18;

/**
 * Instructions under small numbers. A number keeps its meaning during one batch: when there are too many,
 * all are forgotten between two batches and those in use are met again.
 */
export class CodeTable {
  /** The number of what has no address: no entry record was seen. */
  static readonly NONE = 0;

  private readonly addresses: (CodeAddress | null)[] = [null];
  private readonly placeNumbers = new Uint32Array(ROOM);
  private readonly highs = new Uint32Array(ROOM);
  private readonly lows = new Uint32Array(ROOM);
  private readonly slots = new Int32Array(1 << SLOTS_LOG2);
  private readonly placeList: CodePlace[] = [];
  /** Rises whenever everything is forgotten. */
  era = 0;
  private readonly placesByKey = new Map<string, number>();

  /** Numbers in use lie below. */
  get limit(): number {
    return this.addresses.length;
  }

  /** null for NONE. */
  address(code: number): CodeAddress | null {
    return this.addresses[code] ?? null;
  }

  /** Numbers of places lie below. */
  get places(): number {
    return this.placeList.length;
  }

  /** Number of the place with a key, -1 where it has none yet. */
  placeNumber(key: string): number {
    return this.placesByKey.get(key) ?? -1;
  }

  place(number: number): CodePlace {
    return this.placeList[number]!;
  }

  addPlace(place: CodePlace): number {
    const number = this.placeList.push(place) - 1;
    this.placesByKey.set(place.key, number);
    return number;
  }

  /** Number of an instruction, a new one (`limit` has risen then) where it is met first. */
  intern(place: number, high: number, low: number): number {
    const { slots, placeNumbers, highs, lows } = this;
    const mixed =
      Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1) ^ Math.imul(place, 0xc2b2ae35);
    let at = (mixed ^ (mixed >>> 15)) & ((1 << SLOTS_LOG2) - 1);
    for (;;) {
      const code = slots[at]!;
      if (code === 0) break;
      if (lows[code] === low && highs[code] === high && placeNumbers[code] === place) return code;
      at = (at + 1) & ((1 << SLOTS_LOG2) - 1);
    }
    const code = this.addresses.length;
    slots[at] = code;
    placeNumbers[code] = place;
    highs[code] = high;
    lows[code] = low;
    const where = this.placeList[place]!;
    this.addresses.push({ place: where, object: where.object, high, low, code, frames: null });
    return code;
  }

  /** There are so many that a batch more might find no room. */
  get crowded(): boolean {
    return this.addresses.length >= CODE_CAP || this.placeList.length >= PLACE_CAP;
  }

  /** Forgets everything; between batches only. */
  clear(): void {
    this.era++;
    this.addresses.length = 1;
    this.placeList.length = 0;
    this.placesByKey.clear();
    this.slots.fill(0);
  }
}
