import fc from 'fast-check';
import { FaultFlag } from '../../../../src/core/wire/batch';
import { PendingFaults, Waits } from '../../../../src/core/wire/pending-faults';
import { Cell } from '../../../../src/core/stats/cells';
import type { Snapshot, StatRow } from '../../../../src/core/snapshot/snapshot';
import { pend } from '../../../support/fault-kit';
import { HEAP_START, Rig, STACK_START } from '../../../support/model-kit';
import { vma } from '../../../support/vma-kit';
import { expectSame } from '../../../support/same';

interface Fault {
  readonly tid: number;
  readonly page: number;
  readonly entered: number;
  readonly ended: number;
}

/** A model in a moment: its pools are 64 MiB otherwise. */
const SMALL = { pageChunks: 64, statBlocks: 1024, vmaLeaves: 64 };
const open = new PendingFaults();
const look = (
  faults: readonly Fault[],
  asOf: number,
  waits: number = Waits.BLOCKED,
): PendingFaults => {
  pend(
    open,
    asOf,
    faults.map(({ tid, page, entered }) => ({ entered, address: page * 4096, tid, waits })),
  );
  return open;
};

/** Gives the model the ends of these faults, in their order in time. */
const end = (rig: Rig, faults: readonly Fault[], horizon: number): void => {
  const order = [...faults].sort((a, b) => a.ended - b.ended);
  for (const { tid, page, entered, ended } of order) {
    rig.now = ended - 1000;
    rig.fault({ page, tid, latency: ended - entered });
  }
  rig.now = horizon;
  rig.run();
};

const stall = (rows: readonly StatRow[]): number => rows.reduce((ns, row) => ns + row.stallNs, 0);
const expectConsistent = ({ totals, regions, threads, processes }: Snapshot): void => {
  const { stallNs } = totals;
  expectSame([regions, threads, processes].map(stall), [stallNs, stallNs, stallNs]);
  expect(Math.max(0, ...threads.map((row) => row.stalled))).toBeLessThanOrEqual(1 + 1e-9);
};

/** Threads one fault after the other, in the heap, on the stack and where nothing is mapped. */
const lives = fc.array(
  fc.array(
    fc.record({
      pause: fc.integer({ min: 1, max: 2000 }),
      wait: fc.integer({ min: 0, max: 9000 }),
      place: fc.integer({ min: 0, max: 40 }),
    }),
    { minLength: 1, maxLength: 12 },
  ),
  { minLength: 1, maxLength: 5 },
);
const PLACES = [HEAP_START, STACK_START, 0x900000];
const faultsOf = (threads: readonly { pause: number; wait: number; place: number }[][]): Fault[] =>
  threads.flatMap((life, t) => {
    let now = 0;
    return life.map(({ pause, wait, place }) => {
      const entered = now + pause;
      now = entered + wait;
      return { tid: 100 + t, page: PLACES[place % 3]! + place, entered, ended: now };
    });
  });
const steps = fc.array(fc.integer({ min: 1, max: 6000 }), { minLength: 1, maxLength: 30 });

const isOpen = (at: number) => (fault: Fault) => fault.entered < at && fault.ended > at;
const endsWithin = (from: number, to: number) => (fault: Fault) =>
  fault.ended > from && fault.ended <= to;

describe('stall of faults in flight', () => {
  it('falls into the interval in which it passes, and adds up to the latencies', () => {
    fc.assert(
      fc.property(lives, steps, (threads, intervals) => {
        const faults = faultsOf(threads);
        const rig = new Rig(SMALL).attach();
        let at = 0;
        for (const interval of intervals) {
          const from = at;
          at += interval;
          end(rig, faults.filter(endsWithin(from, at)), at);
          const before = rig.model.counters.total.get(Cell.stallNs);
          rig.model.tick(at, look(faults.filter(isOpen(at)), at));
          const snapshot = rig.model.snapshot(at);
          expectConsistent(snapshot);
          expect(snapshot.totals.stallNs).toBeGreaterThanOrEqual(before);
          const passed = (fault: Fault): number =>
            Math.max(0, Math.min(fault.ended, at) - Math.max(fault.entered, from));
          const waited = faults.reduce((ns, fault) => ns + passed(fault), 0);
          expect(snapshot.totals.stalled).toBeCloseTo(waited / interval, 9);
          for (const row of snapshot.threads) {
            const own = faults.filter((fault) => fault.tid === row.tid);
            const ns = own.reduce((sum, fault) => sum + passed(fault), 0);
            expect(row.stalled).toBeCloseTo(ns / interval, 9);
          }
        }
        end(rig, faults.filter(endsWithin(at, Infinity)), 1e9);
        rig.model.tick(1e9, look([], 1e9));
        const { totals, latency, ...last } = rig.model.snapshot(1e9);
        expectConsistent({ totals, latency, ...last });
        expect(totals.stallNs).toBe(faults.reduce((ns, f) => ns + f.ended - f.entered, 0));
        expect(totals.faults).toBe(faults.length);
        expect(latency.reduce((n, { count }) => n + count, 0)).toBe(faults.length);
      }),
      { numRuns: 60 },
    );
  });

  it('after zero() is of the time since, for faults that began before too', () => {
    fc.assert(
      fc.property(lives, fc.integer({ min: 1, max: 20000 }), fc.boolean(), (threads, at, seen) => {
        const faults = faultsOf(threads);
        const rig = new Rig(SMALL).attach();
        const half = Math.ceil(at / 2);
        const waits = seen ? Waits.BLOCKED : Waits.UNKNOWN;
        end(rig, faults.filter(endsWithin(0, half)), half);
        rig.model.tick(half, look(faults.filter(isOpen(half)), half, waits));
        end(rig, faults.filter(endsWithin(half, at)), at);
        rig.model.zero(at, look(faults.filter(isOpen(at)), at, waits));
        expect(rig.model.snapshot(at)).toMatchObject({ since: at, elapsed: 0 });
        expect(rig.model.snapshot(at).totals).toMatchObject({ stallNs: 0, maxNs: 0, faults: 0 });
        const rest = faults.filter(endsWithin(at, Infinity));
        end(rig, rest, 1e9);
        const snapshot = rig.model.snapshot(1e9);
        expectConsistent(snapshot);
        const since = rest.reduce((ns, f) => ns + f.ended - Math.max(f.entered, at), 0);
        expect(snapshot.totals.stallNs).toBe(since);
        // Pages begin anew as well.
        const pages = new Set(rest.map(({ page }) => page)).size;
        expect(snapshot.totals.uniquePages).toBe(pages);
        expect(snapshot.totals.refaults).toBe(rest.length - pages);
      }),
      { numRuns: 60 },
    );
  });

  it('is never above one thread where the model reads behind the capture', () => {
    fc.assert(
      fc.property(lives, steps, (threads, intervals) => {
        const faults = faultsOf(threads);
        const rig = new Rig(SMALL).attach();
        let read = 0;
        let at = 0;
        for (const interval of intervals) {
          at += interval;
          const upTo = at - Math.floor(interval / 3);
          end(rig, faults.filter(endsWithin(read, upTo)), upTo);
          read = upTo;
          const seen = look(faults.filter(isOpen(at)), at);
          seen.behind = true;
          rig.model.tick(at, seen);
          const snapshot = rig.model.snapshot(at);
          expectConsistent(snapshot);
          const { stalled } = snapshot.totals;
          expect(stalled).toBeLessThanOrEqual(threads.length + 1e-9);
        }
        end(rig, faults.filter(endsWithin(read, Infinity)), 1e9);
        const snapshot = rig.model.snapshot(1e9);
        expectConsistent(snapshot);
        expect(snapshot.totals.stallNs).toBe(faults.reduce((ns, f) => ns + f.ended - f.entered, 0));
      }),
      { numRuns: 60 },
    );
  });

  it('does not put a wait that was not seen into the interval in which it ends', () => {
    const rig = new Rig(SMALL).attach();
    const fault = { tid: 100, page: HEAP_START, entered: 1000, ended: 10_000 };
    rig.model.tick(4000, look([fault], 4000, Waits.UNKNOWN));
    rig.model.tick(9000, look([fault], 9000, Waits.UNKNOWN));
    end(rig, [fault], 10_000);
    rig.model.tick(11_000, look([], 11_000));
    const { totals, threads, regions } = rig.model.snapshot(11_000);
    expect(totals).toMatchObject({ stallNs: 9000, stalled: 0.5 });
    expect(threads).toMatchObject([{ stallNs: 9000, stalled: 0.5 }]);
    expect(regions).toMatchObject([{ stallNs: 9000, stalled: 0.5 }]);
  });

  it('shows a thread that waits in its first fault, in a row without faults', () => {
    const rig = new Rig(SMALL).attach();
    const fault = { tid: 100, page: HEAP_START, entered: 0.5e9, ended: 1e12 };
    rig.model.tick(1e9, look([fault], 1e9));
    rig.model.tick(2e9, look([fault], 2e9));
    const { totals, threads, regions } = rig.model.snapshot(2e9);
    expect(threads).toMatchObject([{ tid: 100, faults: 0, stalled: 1, stallNs: 1.5e9 }]);
    expect(regions).toMatchObject([{ label: '[heap]', faults: 0, stallNs: 1.5e9 }]);
    expect(totals).toMatchObject({ faults: 0, stalled: 1, stallNs: 1.5e9 });
  });

  it('moves to the region that the fault turns out to be in', () => {
    const rig = new Rig(SMALL).attach();
    const page = STACK_START - 4;
    const fault = { tid: 100, page, entered: 1000, ended: 9000 };
    rig.model.tick(5000, look([fault], 5000));
    expect(rig.model.snapshot(5000).regions).toMatchObject([{ label: '[unknown]', stallNs: 4000 }]);
    rig.mmap({ ...STACK, start: page });
    end(rig, [fault], 9000);
    const { regions } = rig.model.snapshot(9000);
    expect(regions).toMatchObject([{ label: '[stack]', stallNs: 8000, faults: 1 }]);
  });

  it('is taken back where the entry led to a signal and nobody saw the thread wait', () => {
    const failed = (seen: number): number => {
      const rig = new Rig(SMALL).attach();
      const fault = { tid: 100, page: HEAP_START, entered: 1000, ended: 7000 };
      rig.model.tick(5000, look([fault], 5000, seen));
      rig.now = fault.ended;
      rig.fault({ page: HEAP_START, end: 'none' }).run();
      const snapshot = rig.model.snapshot(8000);
      expectConsistent(snapshot);
      return snapshot.totals.stallNs;
    };
    expect(failed(Waits.YOUNG)).toBe(0);
    expect(failed(Waits.BLOCKED)).toBe(4000);
    expect(failed(Waits.UNKNOWN)).toBe(0);
  });

  it('survives the folding of its rows', () => {
    const rig = new Rig({ ...SMALL, threads: 4, regions: 4, processes: 4 }).attach();
    const waiting = { tid: 100, page: HEAP_START, entered: 10, ended: 1e7 };
    rig.model.tick(1000, look([waiting], 1000));
    for (let n = 0; n < 40; n++) {
      const pid = 1000 + n;
      rig.fork(100, pid).fault({ page: HEAP_START, pid, latency: 5 }).exit(pid).run();
    }
    rig.model.tick(100_000, look([waiting], 100_000));
    expectConsistent(rig.model.snapshot(100_000));
    end(rig, [waiting], 1e7);
    const snapshot = rig.model.snapshot(1e7);
    expectConsistent(snapshot);
    expect(snapshot.totals.stallNs).toBe(1e7 - 10 + 40 * 5);
  });

  it('under -n is not counted for a fault beyond the last', () => {
    const rig = new Rig(SMALL).attach();
    rig.model.setKeep((batch, _, i) => (batch.flags[i]! & FaultFlag.COMPLETION) === FaultFlag.MAJ);
    const fault = { tid: 100, page: HEAP_START, entered: 1000, ended: 7000 };
    rig.model.tick(5000, look([fault], 5000));
    end(rig, [fault], 7000);
    expect(rig.model.snapshot(8000).totals.stallNs).toBe(0);
  });
});

const STACK = vma(STACK_START, STACK_START + 33, '[stack]', { born: 0 });
