import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Rig } from '../support/model-kit';
import { R, vma } from '../support/vma-kit';
import { expectExact } from '../support/snapshots';

// Without a collection before each look the measure is noise; the flag need not be given from outside.
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

describe('Model: memory', () => {
  it('is flat over a storm of 100,000 processes', () => {
    const rig = new Rig().attach();
    const heap = (): number => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    const storm = (from: number, to: number): void => {
      for (let n = from; n < to; n++) {
        const pid = 1000 + (n % 30000);
        rig.fork(100, pid).exec(pid, `job${n % 7}`);
        rig.mmap(vma(0x400, 0x440, `/bin/job${n % 7}`, { prot: R }), pid);
        rig.mmap(vma(0x9000, 0x9010), pid);
        rig.fault({ page: 0x400, pid, code: 4 }).fault({ page: 0x9000, pid }).exit(pid);
        if (rig.batch.records > 2000) rig.run();
      }
      rig.run();
      rig.run();
    };
    storm(0, 40000);
    const before = [rig.model.stats.used, rig.model.pages.used, rig.model.tasks.liveCount];
    const heapBefore = heap();
    storm(40000, 100000);
    const { model } = rig;
    expect(model.tasks.liveCount).toBe(1);
    expect(model.pages.used).toBe(before[1]);
    expect(model.stats.used).toBeLessThan(before[0]! * 1.5 + 1000);
    expect(model.regions.rows.stats.limit).toBeLessThan(8192 + 16384 + 2048);
    // 60,000 processes at the few hundred bytes of a leaked object each would show as 20 MB and more.
    expect(heap() - heapBefore).toBeLessThan(20e6);
    expectExact(model.snapshot(rig.now), 200000);
  }, 180_000);
});
