import { PendingFaults, Waits } from '../../../src/core/wire/pending-faults';
import { WaitingFaults } from '../../../src/app/waiting';
import { pend } from '../../support/fault-kit';

/** Open faults of threads 1 to n, entered at 0, as of a second later; /proc says who is blocked. */
function setup(n: number): { waiting: WaitingFaults; looks: number[]; blocked: Set<number> } {
  const looks: number[] = [];
  const blocked = new Set<number>();
  const source = new PendingFaults();
  const tids = Array.from({ length: n }, (_, i) => i + 1);
  pend(
    source,
    1e9,
    tids.map((tid) => ({ entered: 0, pid: 1, tid, ip: 0x7f00001000n })),
  );
  const waiting = new WaitingFaults(
    {
      pendingFaults: (buffer) => {
        new Uint8Array(buffer).set(new Uint8Array(source.buffer));
      },
    },
    (faults, told) => {
      for (const { pid, tid, ip } of faults) {
        if (pid !== 1 || ip !== 0x7f00001000n) throw new Error(`asked for ${pid} at ${ip}`);
        looks.push(tid);
      }
      told(faults.map(({ tid }) => blocked.has(tid)));
    },
  );
  return { waiting, looks, blocked };
}

test('only those wait of whom /proc says so; one that has just ended waited until then', () => {
  const { waiting, blocked } = setup(3);
  blocked.add(2).add(3);
  const waits = (): number[] => [...waiting.look().waits.slice(0, 3)];
  expect(waits()).toEqual([Waits.UNKNOWN, Waits.BLOCKED, Waits.BLOCKED]);
  blocked.delete(3);
  expect(waits()).toEqual([Waits.UNKNOWN, Waits.BLOCKED, Waits.BLOCKED]);
  expect(waits()).toEqual([Waits.UNKNOWN, Waits.BLOCKED, Waits.UNKNOWN]);
});

test('a look at what is counted up to a time is of that time, whatever the session had seen by then', () => {
  expect(setup(1).waiting.lookAsOf(1.5e9).asOf).toBe(1.5e9);
  expect(setup(1).waiting.lookAsOf(0.5e9).asOf).toBe(1e9);
});

test('4,000 threads: so many looks at a time, new ones first, and everyone in turn', () => {
  const { waiting, looks, blocked } = setup(4000);
  for (let tid = 1; tid <= 4000; tid++) blocked.add(tid);
  const most = 512;
  for (let turn = 1; turn <= Math.ceil(4000 / most); turn++) {
    waiting.look();
    expect(looks.length).toBeLessThanOrEqual(turn * most);
  }
  expect(new Set(looks).size).toBe(4000);
  expect(waiting.faults.waits.slice(0, 4000).every((w) => w === Waits.BLOCKED)).toBe(true);
  looks.length = 0;
  for (let turn = 1; turn <= Math.ceil(4000 / most); turn++) waiting.look();
  expect(new Set(looks).size).toBe(4000);
});
