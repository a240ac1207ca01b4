import type { UnwindSource, UnwoundStack } from '../ports';
import { frameOf, StackAddress } from '../code/stack-address';
import { MAX_FRAMES, StackTable } from '../code/stack-table';
import { meet } from '../code/address';
import { Maker } from '../code/maker';
import type { AddressSpace } from '../tasks/address-space';
import type { Process, Thread } from '../tasks/process';
import type { Tasks } from '../tasks/tasks';
import { ExecMappings } from '../vma/exec-mappings';
import type { Vma } from '../vma/vma';
import { FaultFlag } from '../wire/batch';
import type { Batch } from '../wire/batch';
import type { Resolved } from '../wire/resolved';
import type { CodeLoop } from './code-loop';

const KERNEL_ENTRY = FaultFlag.KERNEL | FaultFlag.ENTRY;
/** In the upper half of an address: see UnwoundStack. */
const INSTRUCTION = 0x80000000;
/** Pages per unit of the upper half of an address. */
const HIGH_PAGES = 0x100000;

/** The executable mappings of a process as they were when a stack was taken, and the places that they show. */
interface Mappings {
  readonly process: Process;
  readonly vmas: readonly Vma[];
  /** -1: not asked for yet. */
  readonly places: Int32Array;
}

/** A stack that is being unwound. */
interface Pending {
  readonly mappings: Mappings;
  readonly comm: number;
  /** The kernel's function before it, 0 for none. */
  readonly kernel: number;
  readonly of: Faults | Maker;
}

/** The faults that a stack stands for. */
interface Faults {
  readonly weight: number;
  /** The one that it was taken at in the batch at hand; -1 when that has been counted. */
  fault: number;
  /** ns, of a fault that has been counted. */
  latency: number;
}

/**
 * Has copied stacks unwound. What comes back while the batch of their fault is at hand belongs to the fault, as a
 * stack that the kernel has walked does; what comes later is counted then.
 */
export class UnwindLoop {
  private readonly pending = new Map<number, Pending>();
  /** Of the batch at hand. */
  private resolved: Resolved | null = null;
  private readonly found = new Uint32Array(MAX_FRAMES);
  private readonly address = new StackAddress();
  private readonly known = new WeakMap<AddressSpace, { of: ExecMappings; last: Mappings | null }>();

  constructor(
    private readonly source: UnwindSource,
    private readonly tasks: Tasks,
    private readonly table: StackTable,
    private readonly frames: CodeLoop,
  ) {}

  /** Record r, a copied stack. False where an answer is on its way: to be called again. */
  take(batch: Batch, resolved: Resolved, r: number): boolean {
    this.resolved = resolved;
    const fault = batch.recAt[r]!;
    if (fault >= batch.faults) return true;
    const thread = this.tasks.thread(batch.recPid[r]!, batch.recTid[r]!);
    if (thread === null) return false;
    const inKernel = (batch.flags[fault]! & KERNEL_ENTRY) === KERNEL_ENTRY;
    const kernel = inKernel ? this.frames.frame(thread, batch.ipHi[fault]!, batch.ipLo[fault]!) : 0;
    const of = { weight: batch.recCount[r]!, fault, latency: -1 };
    this.ask(thread, batch.recFlags[r]!, kernel, of);
    return true;
  }

  /** Record r, the copied stack of what has mapped memory. */
  maker(batch: Batch, r: number, thread: Thread): Maker {
    const maker = new Maker();
    if (!this.ask(thread, batch.recCount[r]!, 0, maker)) maker.settle(StackTable.NONE);
    return maker;
  }

  /** False where there will be no answer. */
  private ask({ process, comm }: Thread, slot: number, kernel: number, of: Pending['of']): boolean {
    const mappings = this.mappingsOf(process);
    const ticket = this.source.askUnwound(process, mappings.vmas, slot);
    if (ticket === 0) this.table.lost++;
    else this.pending.set(ticket, { mappings, comm, kernel, of });
    return ticket !== 0;
  }

  private mappingsOf(process: Process): Mappings {
    const { space } = process;
    let known = this.known.get(space);
    if (known === undefined)
      this.known.set(space, (known = { of: new ExecMappings(), last: null }));
    const vmas = known.of.of(space.map);
    if (known.last?.vmas !== vmas || known.last.process !== process) {
      known.last = { process, vmas, places: new Int32Array(vmas.length).fill(-1) };
    }
    return known.last;
  }

  /** Takes over what has come. */
  takeAnswers(): void {
    for (const answer of this.source.takeUnwound()) {
      const asked = this.pending.get(answer.ticket);
      if (asked === undefined) continue;
      this.pending.delete(answer.ticket);
      const stack = this.stackOf(asked, answer);
      if (asked.of instanceof Maker) asked.of.settle(stack);
      else this.count(stack, asked.of);
    }
  }

  private count(stack: number, { fault, weight, latency }: Faults): void {
    if (fault < 0) {
      if (stack !== StackTable.NONE) this.table.addLate(stack, weight, latency);
    } else if (this.resolved !== null) {
      this.resolved.stack[fault] = stack;
      this.table.weigh(fault, weight);
    }
  }

  /**
   * The batch is resolved. False where its stacks are to be waited for, if so wanted: to be called again. From true
   * on its stacks that are still open are counted when they come.
   */
  settle(batch: Batch, resolved: Resolved, patient: boolean): boolean {
    this.source.sendUnwound();
    this.takeAnswers();
    if (patient && this.source.expectsUnwound()) return false;
    for (const [ticket, { of }] of this.pending) {
      if (of instanceof Maker || of.fault < 0) continue;
      if (resolved.keep[of.fault] === 0) this.pending.delete(ticket);
      of.latency = batch.latency[of.fault]!;
      of.fault = -1;
    }
    return true;
  }

  /** What has been counted so far is counted no more. */
  zero(): void {
    for (const [ticket, { of }] of this.pending) {
      if (!(of instanceof Maker) && of.fault < 0) this.pending.delete(ticket);
    }
  }

  private stackOf(asked: Pending, { words, whole }: UnwoundStack): number {
    const { table, frames, found, address } = this;
    if (words === null) {
      table.lost++;
      return StackTable.NONE;
    }
    if (table.codes.crowded) return table.noRoom();
    let length = 0;
    if (asked.kernel !== 0) found[length++] = frameOf(asked.kernel);
    const most = MAX_FRAMES - 1;
    let at = 0;
    for (; at < words.length && length < most; at += 2) {
      const high = words[at + 1]!;
      const returned = at > 0 && high < INSTRUCTION;
      address.take(returned || at === 0 ? high : high - INSTRUCTION, words[at]!, returned);
      const code = this.codeOf(asked.mappings, address.high, address.low);
      // What was found last, where nothing goes on from, need not be an address of code at all.
      if (code === 0 && at > 0 && !whole && at + 2 === words.length) break;
      found[length++] = address.frame(code === 0 ? frames.noCode() : code);
    }
    if (!whole || at < words.length) found[length++] = frameOf(frames.truncated());
    return table.intern(asked.comm, found, length);
  }

  /** 0 where no code is mapped. */
  private codeOf({ process, vmas, places }: Mappings, high: number, low: number): number {
    const page = high * HIGH_PAGES + (low >>> 12);
    let first = 0;
    for (let end = vmas.length; first < end;) {
      const middle = (first + end) >>> 1;
      if (vmas[middle]!.end <= page) first = middle + 1;
      else end = middle;
    }
    const vma = vmas[first];
    if (vma === undefined || page < vma.start) return 0;
    if (places[first] === -1) places[first] = this.frames.placeIn(process, vma);
    const number = places[first]!;
    meet(this.table.codes.place(number), process, vma);
    return this.frames.inMapping(number, vma, high, low);
  }
}
