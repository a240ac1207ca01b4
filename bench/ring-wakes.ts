/** A machine whose rings are read by one poller. */
export interface Machine {
  readonly cpus: number;
  /** A second, of all CPUs. */
  readonly records: number;
  /** CPU time of the poller for each. */
  readonly recordNs: number;
}

export interface Wakes {
  readonly ringBytes: number;
  /** A second. */
  readonly passes: number;
  /** Of the time. */
  readonly busy: number;
  /** Of a ring, at most; above 1 there is loss. */
  readonly fill: number;
}

// addon/capture/event_set.cc and poller.cc.
const RING_BUDGET = 64 << 20;
const RING_MAX = 8 << 20;
const RING_MIN = 256 << 10;
const WAKE_SHARE = 4;
const BUSY_INTERVAL_NS = 15e6;
/** A record of a fault that a program has finished. */
const RECORD_BYTES = 64;
const SECOND_NS = 1e9;

export function ringBytes(cpus: number): number {
  const share = Math.max(RING_MIN, Math.min(RING_MAX, RING_BUDGET / cpus));
  return 2 ** Math.floor(Math.log2(share));
}

/** One second of it: a ring wakes the poller when a quarter has come, a pass takes what was there when the one before began. */
export function wakesOf({ cpus, records, recordNs }: Machine): Wakes {
  const size = ringBytes(cpus);
  // From half of the average to half as much again.
  const rates = Array.from(
    { length: cpus },
    (_, i) => ((records / cpus) * (0.5 + (i + 0.5) / cpus)) / SECOND_NS,
  );
  const quarter = size / WAKE_SHARE / RECORD_BYTES;
  // Rings do not cross their marks at once.
  const marks = rates.map((_, i) => quarter * ((i * 0.618) % 1));
  let now = 0;
  let drained = 0;
  let horizon = 0;
  let passes = 0;
  let busy = 0;
  let fill = 0;
  while (now < SECOND_NS) {
    const woken = rates.reduce(
      (first, rate, i) => Math.min(first, marks[i]! / rate),
      now + BUSY_INTERVAL_NS,
    );
    const began = Math.max(now, woken);
    for (const [i, rate] of rates.entries()) {
      while (marks[i]! <= rate * began) marks[i]! += quarter;
    }
    const took = (horizon - drained) * (records / SECOND_NS) * recordNs;
    const fullest = rates[rates.length - 1]! * (began + took - drained);
    fill = Math.max(fill, (fullest * RECORD_BYTES) / size);
    drained = horizon;
    horizon = began;
    now = began + took;
    busy += took;
    passes++;
  }
  return { ringBytes: size, passes: (passes / now) * SECOND_NS, busy: busy / now, fill };
}
