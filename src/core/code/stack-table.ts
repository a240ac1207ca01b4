import type { Batch } from '../wire/batch';
import { FAULT_CAPACITY } from '../wire/batch';
import type { Resolved } from '../wire/resolved';
import { CodeTable } from './code-table';
import { StackCost } from './stack-cost';

/** What the kernel walks at most by default (kernel.perf_event_max_stack), and what the addon passes on. */
export const MAX_CHAIN = 127;
/** The same, and the kernel's function before it. */
export const MAX_FRAMES = MAX_CHAIN + 1;
const STACK_CAP = 32_768;
/** Of all stacks together. */
const FRAME_CAP = 1 << 20;
/** A power of two, twice the stacks. */
const SLOTS = 65_536;

/**
 * Call stacks under small numbers, by thread name and frames, with what was counted of each. A number keeps
 * its meaning for the whole run: what finds no room any more is one stack, OTHERS.
 */
export class StackTable {
  /** The number of a fault without a stack. */
  static readonly NONE = 0;
  /** Stacks beyond the cap. */
  static readonly OTHERS = 1;

  /** Instructions of frames; never forgotten. */
  readonly codes = new CodeTable();
  private count = 2;
  private readonly slots = new Int32Array(SLOTS);
  private frames = new Uint32Array(4096);
  /** Frames of stack n: from starts[n] to starts[n + 1]. */
  private readonly starts = new Uint32Array(STACK_CAP + 1);
  private readonly comms = new Uint32Array(STACK_CAP);
  private readonly sampledOf = new Float64Array(STACK_CAP);
  private readonly faultsOf = new Float64Array(STACK_CAP);
  private readonly stallOf = new Float64Array(STACK_CAP);
  /** How many faults the stack of fault i of the batch stands for. */
  private readonly weights = new Float64Array(FAULT_CAPACITY);
  private readonly cost = new StackCost();
  /** Rises whenever frames have got names. */
  named = 0;
  /** There was no room for a stack. */
  capped = false;
  /** Stacks that were taken and could not be unwound. */
  lost = 0;

  /** Numbers in use lie below. */
  get limit(): number {
    return this.count;
  }

  /** Number of a stack: the first `length` of `frames` (stack-address.ts), innermost first. */
  intern(comm: number, frames: Uint32Array, length: number): number {
    const { slots, comms, starts } = this;
    let hash = comm;
    for (let k = 0; k < length; k++)
      hash = Math.imul(hash ^ frames[k]!, 0x9e3779b1) ^ (hash >>> 15);
    let at = (hash ^ (hash >>> 16)) & (SLOTS - 1);
    for (;;) {
      const found = slots[at]!;
      if (found === 0) break;
      if (comms[found] === comm && this.holds(found, frames, length)) return found;
      at = (at + 1) & (SLOTS - 1);
    }
    const start = starts[this.count]!;
    if (this.count === STACK_CAP || start + length > FRAME_CAP) return this.noRoom();
    if (start + length > this.frames.length) {
      const grown = new Uint32Array(Math.min(FRAME_CAP, 2 * this.frames.length));
      grown.set(this.frames);
      this.frames = grown;
    }
    this.frames.set(frames.subarray(0, length), start);
    const stack = this.count++;
    slots[at] = stack;
    comms[stack] = comm;
    starts[stack + 1] = start + length;
    return stack;
  }

  /** The stack that stands for what finds no room. */
  noRoom(): number {
    this.capped = true;
    return StackTable.OTHERS;
  }

  private holds(stack: number, wanted: Uint32Array, length: number): boolean {
    const { frames } = this;
    const start = this.starts[stack]!;
    if (this.starts[stack + 1]! - start !== length) return false;
    for (let k = 0; k < length; k++) if (frames[start + k] !== wanted[k]) return false;
    return true;
  }

  /** The stack of fault i of a batch stands for so many faults. */
  weigh(i: number, weight: number): void {
    this.weights[i] = weight;
  }

  /** Counts the kept faults of a batch that have a stack. */
  add({ faults, latency }: Batch, { stack, keep }: Resolved): void {
    const { weights, sampledOf, faultsOf, stallOf, cost } = this;
    for (let i = 0; i < faults; i++) {
      if (keep[i] === 0) continue;
      const number = stack[i]!;
      cost.add(latency[i]!, number !== StackTable.NONE);
      if (number === StackTable.NONE) continue;
      const weight = weights[i]!;
      sampledOf[number]!++;
      faultsOf[number]! += weight;
      if (latency[i]! > 0) stallOf[number]! += latency[i]! * weight;
    }
  }

  /** Counts a fault with a stack that was not known yet when its batch was counted. */
  addLate(stack: number, weight: number, latency: number): void {
    this.sampledOf[stack]!++;
    this.faultsOf[stack]! += weight;
    this.cost.move(latency);
    if (latency > 0) this.stallOf[stack]! += latency * weight;
  }

  zero(): void {
    this.sampledOf.fill(0);
    this.faultsOf.fill(0);
    this.stallOf.fill(0);
    this.cost.zero();
  }

  /** Number of the thread's name. */
  comm(stack: number): number {
    return this.comms[stack]!;
  }
  /** Faults with this stack that were sampled. */
  sampled(stack: number): number {
    return this.sampledOf[stack]!;
  }
  /** Faults that those stand for. */
  faults(stack: number): number {
    return this.faultsOf[stack]!;
  }
  /** ns, of those: that a stack was taken is in the latency of the sampled ones alone. */
  stallNs(stack: number): number {
    const others = this.faultsOf[stack]! - this.sampledOf[stack]!;
    return Math.max(0, this.stallOf[stack]! - others * this.cost.eachNs);
  }
  /** Innermost first; stack-address.ts tells what each is. */
  framesOf(stack: number): Uint32Array {
    return this.frames.subarray(this.starts[stack], this.starts[stack + 1]);
  }
}
