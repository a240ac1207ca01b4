import { FaultFlag } from '../wire/batch';
import type { FaultNames, FaultView, Field } from './fault-fields';

const STACK_OF = /^\[stack:(\d+)\]/;

/**
 * Names for `--fixed-ts` that are the same in every run: processes and threads are numbered in the order
 * in which they appear, faults likewise. One object serves a whole run, so that stream and report agree.
 */
export class FixedNames {
  private readonly numbers = new Map<number, number>();
  private faults = 0;

  /** Number of a pid or tid: 1 for the first one seen. Stays 0. */
  number(id: number): number {
    if (id <= 0) return 0;
    let n = this.numbers.get(id);
    if (n === undefined) {
      // Bounded by pid_max (at most 2^22 ids).
      n = this.numbers.size + 1;
      this.numbers.set(id, n);
    }
    return n;
  }

  /** `[stack:TID]` holds a tid; nothing else in a label differs between runs. */
  label(label: string): string {
    return label.replace(STACK_OF, (_, tid: string) => `[stack:${this.number(Number(tid))}]`);
  }

  /** ns of the next fault's time stamp: fault n is at n ms. To be called once per fault written. */
  nextTime(): number {
    this.faults += 1;
    return this.faults * 1e6;
  }

  /** The same names with the labels made equal. */
  wrap(names: FaultNames): FaultNames {
    return {
      regionKind: (slot) => names.regionKind(slot),
      regionLabel: (slot) => this.label(names.regionLabel(slot)),
      regionSection: (slot) => names.regionSection(slot),
      regionPath: (slot) => names.regionPath(slot),
      commName: (id) => names.commName(id),
      code: (number) => names.code(number),
      data: (number) => names.data(number),
      stack: (number) => names.stack(number),
    };
  }

  /**
   * The field table with everything left out or renumbered that two runs do not share. An instruction in
   * the kernel has another address after every boot.
   */
  fields(fields: readonly Field[]): Field[] {
    return fields.map((field): Field => {
      if (field.kind === 'uint') {
        switch (field.id) {
          case 'time_ns':
            return { ...field, value: () => this.nextTime(), column: null };
          case 'pid':
          case 'tid':
            return {
              ...field,
              value: (view: FaultView, i: number) => this.number(field.value(view, i)),
              column: null,
            };
          case 'latency_ns':
            return { ...field, value: () => -1, column: null };
          default:
            return field;
        }
      }
      if (field.id === 'ip' && field.kind === 'hex') {
        return { ...field, mask: field.mask | FaultFlag.KERNEL };
      }
      return field;
    });
  }
}
