import { FaultClass } from '../core/classify/classes';
import { FAULT_CAPACITY } from '../core/wire/batch';
import type { Batch } from '../core/wire/batch';
import type { Resolved } from '../core/wire/resolved';
import type { Session } from '../native/contract';

/** Tells the recorder which faults of a batch were copies: in a recording these are an event of their own. */
export class ToldCopies {
  private readonly copies = new Uint8Array(FAULT_CAPACITY);

  constructor(private readonly session: Pick<Session, 'recordCopies'>) {}

  /** To be called once for each batch that was drained, in their order. */
  tell({ faults }: Batch, { faultClass }: Resolved): void {
    const { copies } = this;
    for (let i = 0; i < faults; i++) copies[i] = faultClass[i] === FaultClass.COW ? 1 : 0;
    this.session.recordCopies(copies, faults);
  }
}
