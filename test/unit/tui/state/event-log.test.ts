import { Batch, FaultFlag } from '../../../../src/core/wire/batch';
import { RegionKind } from '../../../../src/core/classify/classes';
import { parseFilter } from '../../../../src/core/filter/parse';
import { Resolved } from '../../../../src/core/wire/resolved';
import { EventLog, LOG_CAPACITY, type EventNames } from '../../../../src/tui/state/event-log';
import { Reservoir } from '../../../../src/tui/state/reservoir';
import { fill } from '../../../support/fault-kit';

/** Park and Miller's generator: the same sequence in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

const names: EventNames = {
  regionLabel: (slot) => `region${slot}`,
  regionSection: () => '',
  regionPath: () => '',
  regionKind: () => RegionKind.ANON,
  regionId: (slot) => slot + 100,
  commName: (id) => `comm${id}`,
  code: () => null,
  data: () => null,
  stack: () => [],
};

/** Faults of one class each, their number as the time. */
function batchOf(classes: readonly number[], from = 0): { batch: Batch; resolved: Resolved } {
  const batch = new Batch();
  const resolved = new Resolved();
  fill(
    batch,
    resolved,
    classes.map((faultClass, i) => ({
      time: from + i,
      tid: i % 7,
      latency: i,
      flags: FaultFlag.ENTRY,
      faultClass,
      region: i % 3,
    })),
  );
  return { batch, resolved };
}

const all = (): boolean => true;
const times = (log: EventLog, sequences: readonly number[]): number[] =>
  sequences.map((s) => log.batch.time[log.at(s)]!);

describe('Reservoir', () => {
  it('gives every item the same chance', () => {
    const size = 10;
    const items = 100;
    const rounds = 4000;
    const taken = new Array<number>(items).fill(0);
    const reservoir = new Reservoir(size, random(42));
    for (let round = 0; round < rounds; round++) {
      const kept = new Array<number>(size).fill(-1);
      reservoir.restart();
      for (let item = 0; item < items; item++) {
        const place = reservoir.offer();
        if (place >= 0) kept[place] = item;
      }
      for (const item of kept) taken[item]!++;
    }
    // Binomial with p = 0.1 and n = 4000: mean 400, standard deviation 19; six of them on either side.
    for (const n of taken) {
      expect(n).toBeGreaterThan(400 - 6 * 19);
      expect(n).toBeLessThan(400 + 6 * 19);
    }
  });

  it('keeps everything while it fits', () => {
    const reservoir = new Reservoir(3, random(1));
    expect([reservoir.offer(), reservoir.offer(), reservoir.offer()]).toEqual([0, 1, 2]);
    expect([reservoir.kept, reservoir.seen]).toEqual([3, 3]);
  });
});

describe('EventLog', () => {
  const add = (log: EventLog, classes: readonly number[], from = 0): void => {
    const { batch, resolved } = batchOf(classes, from);
    log.add(batch, resolved, names);
  };

  it('shows all faults in order of time while they are few', () => {
    const log = new EventLog(random(1));
    add(log, [1, 0, 2, 1]);
    log.flush();
    expect(times(log, log.newest(10, log.count, all))).toEqual([0, 1, 2, 3]);
    expect([0, 1, 2, 3].map((cls) => log.shareOf(cls))).toEqual([1, 1, 1, 1]);
    const at = log.at(1);
    expect(log.names.regionLabel(at)).toBe('region1');
    expect(log.names.commName(at)).toBe('comm0');
    expect(log.regionIdAt(at)).toBe(101);
  });

  it('keeps rare classes whole under a storm, and says what share of the storm it shows', () => {
    const log = new EventLog(random(7));
    for (let k = 0; k < 4; k++) {
      add(
        log,
        Array.from({ length: 10_000 }, (_, i) => (i % 1000 === 0 ? 0 : 1)),
        k * 10_000,
      );
    }
    log.flush();
    const seen = log.newest(LOG_CAPACITY, log.count, all);
    const major = seen.filter((s) => log.resolved.faultClass[log.at(s)] === 0);
    expect(major).toHaveLength(40);
    expect(log.shareOf(0)).toBe(1);
    expect(log.shareOf(1)).toBeCloseTo(256 / 39960, 6);
    expect(times(log, seen)).toEqual([...times(log, seen)].sort((a, b) => a - b));
  });

  it('is bounded, and forgets the oldest first', () => {
    const log = new EventLog(random(3));
    for (let k = 0; k < 50; k++) {
      add(log, new Array<number>(250).fill(1), k * 250);
      log.flush();
    }
    expect(log.count).toBe(12_500);
    const kept = log.newest(20_000, log.count, all);
    expect(kept).toHaveLength(LOG_CAPACITY);
    expect(times(log, kept)[0]).toBe(12_500 - LOG_CAPACITY);
    expect(times(log, log.from(log.oldest, 2, all))).toEqual([
      12_500 - LOG_CAPACITY,
      12_500 - LOG_CAPACITY + 1,
    ]);
  });

  it('samples from what the filter lets through, so that a rare match is seen', () => {
    const log = new EventLog(random(5));
    log.setFilter(parseFilter('lat>=9999ns').filter, 0xf, names);
    add(log, new Array<number>(10_000).fill(1));
    log.flush();
    expect(times(log, log.newest(10, log.count, all))).toEqual([9999]);
    log.setFilter(null, 0b0001, names);
    add(log, [0, 1, 2, 3], 20_000);
    log.flush();
    expect(times(log, log.newest(10, log.count, all))).toEqual([9999, 20_000]);
  });

  it('leaves out what --filter has dropped', () => {
    const log = new EventLog(random(5));
    const { batch, resolved } = batchOf([1, 1]);
    resolved.keep[0] = 0;
    log.add(batch, resolved, names);
    log.flush();
    expect(times(log, log.newest(10, log.count, all))).toEqual([1]);
  });

  it('can be kept as it is while the original goes on', () => {
    const log = new EventLog(random(5));
    add(log, [1, 1]);
    log.flush();
    const copy = log.copy();
    add(log, [0], 50);
    log.flush();
    expect(times(copy, copy.newest(10, copy.count, all))).toEqual([0, 1]);
    expect(copy.names.regionLabel(copy.at(1))).toBe('region1');
    expect(log.count).toBe(3);
  });

  it('skips nearly all faults of a storm instead of copying them', () => {
    const log = new EventLog(random(5));
    const { batch, resolved } = batchOf(new Array<number>(16_384).fill(1));
    let copied = 0;
    const regionLabel = (slot: number): string => {
      copied++;
      return names.regionLabel(slot);
    };
    for (let k = 0; k < 61; k++) log.add(batch, resolved, { ...names, regionLabel });
    // Of a million faults.
    expect(copied).toBeGreaterThan(0);
    expect(copied).toBeLessThan(5000);
  });
});
