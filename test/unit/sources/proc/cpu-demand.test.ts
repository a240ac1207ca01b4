import { CpuDemand, DEMAND_MS } from '../../../../src/sources/proc/cpu-demand';
import type { Stat } from '../../../../src/sources/proc/proc-parse';

const READER = 10;
const CHILD = 11;

/** Processes as their /proc has them, and a clock. */
class Machine {
  now = 0;
  readonly state = new Map([
    [READER, 'S'],
    [CHILD, 'S'],
  ]);
  /** ns; null where the kernel does not count them. */
  wanted: Map<number, number> | null = new Map([
    [READER, 0],
    [CHILD, 0],
  ]);
  readonly demand = new CpuDemand(
    {
      stat: (pid) => ({ state: this.state.get(pid) }) as Stat,
      children: (pid) => (pid === READER ? [CHILD] : []),
      cpuWanted: (pid) => this.wanted?.get(pid) ?? null,
    },
    () => this.now,
  );

  /** After some time, in which the processes have wanted a CPU for `ms` each. */
  after(passed: number, ms: Readonly<Record<number, number>> = {}): boolean {
    this.now += passed;
    for (const [pid, more] of Object.entries(ms))
      this.wanted?.set(Number(pid), (this.wanted.get(Number(pid)) ?? 0) + more * 1e6);
    return this.demand.of([READER]);
  }
}

test('who sleeps does not work, from the second look on', () => {
  const machine = new Machine();
  expect([machine.after(0), machine.after(DEMAND_MS), machine.after(DEMAND_MS)]).toEqual([
    true,
    false,
    false,
  ]);
});

test.each([READER, CHILD])('who has used or waited for a CPU works: %d', (pid) => {
  const machine = new Machine();
  machine.after(0);
  expect(machine.after(DEMAND_MS, { [pid]: DEMAND_MS / 5 })).toBe(true);
  expect(machine.after(DEMAND_MS, { [pid]: DEMAND_MS / 20 })).toBe(false);
});

test('who waits for its first turn works, whatever is counted', () => {
  const machine = new Machine();
  machine.after(0);
  machine.state.set(CHILD, 'R');
  expect(machine.after(DEMAND_MS)).toBe(true);
  machine.wanted = null;
  expect(machine.after(DEMAND_MS)).toBe(true);
  machine.state.set(CHILD, 'D');
  expect(machine.after(DEMAND_MS)).toBe(false);
});

test('between two looks what was seen holds', () => {
  const machine = new Machine();
  machine.after(0);
  expect(machine.after(DEMAND_MS)).toBe(false);
  machine.state.set(READER, 'R');
  expect(machine.after(DEMAND_MS - 1)).toBe(false);
  expect(machine.after(1)).toBe(true);
});

test('nobody that is asked: nobody works', () => {
  const demand = new CpuDemand(
    { stat: () => null, children: () => null, cpuWanted: () => null },
    () => 0,
  );
  expect(demand.of([])).toBe(false);
});
