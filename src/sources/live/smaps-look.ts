import type { Buffer } from 'node:buffer';
import type { Readers } from '../reader/readers';

/** After a look so many times what it took: reading smaps holds the target's mmap_lock. */
const COST_FACTOR = 50;

/** Has smaps read by way of the readers, one look at a time over all processes: there is no hurry, and each is dear. */
export class SmapsLook {
  private asking = false;

  /** `now` gives ns since the session's start. */
  constructor(
    private readonly readers: Pick<Readers, 'ask'>,
    private readonly now: () => number,
  ) {}

  /** A look goes on. */
  get busy(): boolean {
    return this.asking;
  }

  /** `told`: the answer, null for none, and for how long there shall be no other look, ns. Not while it is busy. */
  ask(
    operation: number,
    pid: number,
    payload: Buffer,
    told: (payload: Buffer | null, rest: number) => void,
  ): void {
    const begun = this.now();
    this.asking = true;
    this.readers.ask({
      operation,
      subject: `smaps ${pid}`,
      payload,
      answered: (answer) => {
        this.asking = false;
        const isTold = typeof answer === 'object' && answer.errno === 0;
        told(isTold ? answer.payload : null, COST_FACTOR * (this.now() - begun));
      },
    });
  }
}
