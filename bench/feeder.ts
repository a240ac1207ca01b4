import { DEFAULT_LIMITS } from '../src/core/stats/limits';
import { RECORD_CAPACITY } from '../src/core/wire/batch';
import { Rig } from '../test/support/model-kit';
import { vma } from '../test/support/vma-kit';

/** A model whose processes do what is asked for, in full batches of records. */
export class Feeder {
  private readonly rig = new Rig(DEFAULT_LIMITS);
  /** us of CPU that the model took of its batches. */
  cpuUs = 0;

  get model(): Rig['model'] {
    return this.rig.model;
  }

  process(pid: number): void {
    this.rig.attach(pid, []);
  }

  map(pid: number, start: number, end: number, prot = 3): void {
    this.rig.mmap(vma(start, end, '', { prot, pgoff: start }), pid);
    this.fed();
  }

  unmap(pid: number, start: number, end: number): void {
    // Entered after all that was recorded before.
    this.rig.munmap(start, end, pid, this.rig.now + 1);
    this.fed();
  }

  fork(parent: number, child: number): void {
    this.rig.fork(parent, child);
    this.fed();
  }

  private fed(): void {
    if (this.rig.batch.records === RECORD_CAPACITY) this.flush();
  }

  flush(): void {
    const began = process.cpuUsage();
    if (!this.rig.consumes()) throw new Error('the model waits for an answer');
    const { user, system } = process.cpuUsage(began);
    this.cpuUs += user + system;
    this.rig.clear();
  }
}
