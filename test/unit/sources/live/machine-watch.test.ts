import { MachineWatch } from '../../../../src/sources/live/machine-watch';
import { until } from '../../../support/running';

/** As Linux 6.1 writes them, in part. */
const FILES = (swapIn: number, refault: string): ReadonlyMap<string, string> =>
  new Map([
    [
      '/proc/meminfo',
      'MemTotal:       16374244 kB\nMemAvailable:    2048000 kB\nSwapCached: 9 kB\nCached: 512000 kB\n',
    ],
    [
      '/proc/pressure/memory',
      'some avg10=3.25 avg60=1.00 avg300=0.20 total=1\nfull avg10=0.50 avg60=0.10 avg300=0.00 total=1\n',
    ],
    ['/proc/vmstat', `nr_free_pages 1\n${refault}\npswpin ${swapIn}\npswpout 7\n`],
  ]);

/** A machine of which files are read at a time that the test says. */
class Machine {
  nowMs = 0;
  files: ReadonlyMap<string, string>;
  reads = 0;
  readonly watch = new MachineWatch(
    () => this.nowMs,
    (path) => {
      this.reads++;
      const text = this.files.get(path);
      return text === undefined ? Promise.reject(new Error('ENOENT')) : Promise.resolve(text);
    },
  );

  constructor(files: ReadonlyMap<string, string>) {
    this.files = files;
  }

  /** Asks, and waits until the answer has come. */
  async looked(): Promise<void> {
    const { reads } = this;
    this.watch.look();
    await until('an answer', () => this.reads === reads + 3);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('MachineWatch', () => {
  it('tells what came last, and rates from the second look on', async () => {
    const machine = new Machine(FILES(100, 'workingset_refault_file 50'));
    expect(machine.watch.look()).toBeNull();
    await new Promise((resolve) => setImmediate(resolve));
    expect(machine.watch.look()).toEqual({
      available: 2048000 * 1024,
      cached: 512000 * 1024,
      some: 3.25,
      full: 0.5,
      swapInRate: NaN,
      swapOutRate: NaN,
      refaultRate: NaN,
    });
    machine.nowMs = 2000;
    machine.files = FILES(300, 'workingset_refault_file 60');
    await machine.looked();
    expect(machine.watch.look()).toMatchObject({
      swapInRate: 100,
      swapOutRate: 0,
      refaultRate: 5,
    });
  });

  it('does not read again for every frame', async () => {
    const machine = new Machine(FILES(1, ''));
    await machine.looked();
    for (let k = 0; k < 50; k++) machine.watch.look();
    expect(machine.reads).toBe(3);
  });

  it('says nothing of what the kernel does not tell: no PSI, names of before Linux 5.9, no file at all', async () => {
    const files = new Map([...FILES(1, 'workingset_refault 4')]);
    files.delete('/proc/pressure/memory');
    const machine = new Machine(files);
    await machine.looked();
    machine.nowMs = 1000;
    machine.files = new Map([...files, ...FILES(1, 'workingset_refault 8')]);
    await machine.looked();
    expect(machine.watch.look()).toMatchObject({ some: 3.25, refaultRate: 4 });
    machine.nowMs = 2000;
    machine.files = new Map();
    await machine.looked();
    expect(machine.watch.look()).toEqual({
      available: NaN,
      cached: NaN,
      some: NaN,
      full: NaN,
      swapInRate: NaN,
      swapOutRate: NaN,
      refaultRate: NaN,
    });
  });

  it('reads what this kernel says', async () => {
    const watch = new MachineWatch(() => 0);
    watch.look();
    const seen = await until('an answer', () => watch.look() ?? false);
    expect(seen.available).toBeGreaterThan(0);
    expect(seen.cached).toBeGreaterThan(0);
  });
});
