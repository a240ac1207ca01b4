import { frameOf, StackAddress } from '../code/stack-address';
import { MAX_FRAMES, StackTable } from '../code/stack-table';
import type { Tasks } from '../tasks/tasks';
import type { Thread } from '../tasks/process';
import type { VmaMap } from '../vma/vma-map';
import { FaultFlag } from '../wire/batch';
import type { Batch } from '../wire/batch';
import type { Resolved } from '../wire/resolved';
import { CodeLoop } from './code-loop';
import type { FileEras } from './code-loop';

const KERNEL_ENTRY = FaultFlag.KERNEL | FaultFlag.ENTRY;

/**
 * Finds the frames of a stack in the mappings of its process, as they are when its fault is. A stack is the record
 * before its fault. Per frame no object and no string; what is met first is behind a call.
 */
export class StackLoop {
  readonly table = new StackTable();
  readonly frames: CodeLoop;
  private readonly found = new Uint32Array(MAX_FRAMES);
  private readonly address = new StackAddress();
  /** The stack before, which the addon does not repeat: where it lies, in whose map. */
  private offset = -1;
  private thread: Thread | null = null;
  private map: VmaMap | null = null;
  private stamp = -1;
  private kernel = 0;
  private stack = StackTable.NONE;

  constructor(
    private readonly tasks: Tasks,
    files: FileEras,
  ) {
    this.frames = new CodeLoop(tasks, this.table.codes, files);
  }

  /** No fault of the batch has a stack yet. */
  beginBatch(batch: Batch, resolved: Resolved): void {
    resolved.stack.fill(StackTable.NONE, 0, batch.faults);
    this.offset = -1;
  }

  /** Record r, a stack. False where an answer is on its way: to be called again. */
  take(batch: Batch, resolved: Resolved, r: number): boolean {
    const i = batch.recAt[r]!;
    if (i >= batch.faults) return true;
    const thread = this.tasks.thread(batch.recPid[r]!, batch.recTid[r]!);
    if (thread === null) return false;
    const { map } = thread.process.space;
    const offset = batch.recNameOffset[r]!;
    const inKernel = (batch.flags[i]! & KERNEL_ENTRY) === KERNEL_ENTRY;
    const kernel = inKernel ? this.frames.frame(thread, batch.ipHi[i]!, batch.ipLo[i]!) : 0;
    const again =
      offset === this.offset &&
      thread === this.thread &&
      map === this.map &&
      map.stamp === this.stamp &&
      kernel === this.kernel;
    if (!again) {
      this.offset = offset;
      this.thread = thread;
      this.map = map;
      this.stamp = map.stamp;
      this.kernel = kernel;
      this.stack = this.find(batch, r, thread, kernel);
    }
    resolved.stack[i] = this.stack;
    this.table.weigh(i, batch.recCount[r]!);
    return true;
  }

  /** The same of what is no fault: record r has a chain. */
  chain(batch: Batch, r: number, thread: Thread): number {
    return this.find(batch, r, thread, 0);
  }

  private find(batch: Batch, r: number, thread: Thread, kernel: number): number {
    const { table, frames, found, address } = this;
    if (table.codes.crowded) return table.noRoom();
    const words = batch.nameWords;
    const first = batch.recNameOffset[r]! >>> 2;
    let length = 0;
    if (kernel !== 0) found[length++] = frameOf(kernel);
    const end = first + (batch.recNameLength[r]! >>> 2);
    const noCode = frames.noCode();
    for (let at = first; at < end && length < MAX_FRAMES; at += 2) {
      address.take(words[at + 1]!, words[at]!, at !== first);
      const code = frames.userFrame(thread, address.high, address.low);
      found[length++] = address.frame(code);
      // The register that led there is no frame pointer: what it leads to from here on are no callers, though some of them may
      // lie in code (a list that is walked has 126 of them).
      if (code === noCode && at !== first) break;
    }
    return length === 0 ? StackTable.NONE : table.intern(thread.comm, found, length);
  }
}
