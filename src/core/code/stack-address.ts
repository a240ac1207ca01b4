import type { CodeAddress } from './address';

/**
 * What an address in a stack means, in one place. That of the thread itself, and of what a signal has interrupted, is
 * an instruction. All others are where a function returns to: the call is before it, and may be the last instruction
 * of its function, so that it is looked up by the byte before, and shown as it stands.
 */
export class StackAddress {
  /** What is to be looked up, in two halves. */
  high = 0;
  low = 0;
  private returned = false;

  /** Takes one over as it lies in the stack. */
  take(high: number, low: number, returned: boolean): void {
    const borrow = returned && low === 0 ? 1 : 0;
    this.high = high - borrow;
    this.low = returned ? (low - 1) >>> 0 : low;
    this.returned = returned;
  }

  /** The frame of a stack for it: what was found there, and that it was looked up by the byte before. */
  frame(code: number): number {
    return frameOf(code, this.returned);
  }
}

/** The frame of an instruction. */
export function frameOf(code: number, returned = false): number {
  return 2 * code + (returned ? 1 : 0);
}

/** Number of the instruction of a frame. */
export function codeOfFrame(frame: number): number {
  return frame >>> 1;
}

/** Where a frame lies in its object, as the address stood in the stack. */
export function shownOf(
  frame: number,
  { object, high, low }: CodeAddress,
): Pick<CodeAddress, 'object' | 'high' | 'low'> {
  if ((frame & 1) === 0) return { object, high, low };
  const sum = (low + 1) >>> 0;
  return { object, high: sum === 0 ? high + 1 : high, low: sum };
}
