import type { Thread } from '../tasks/process';
import type { Vma } from '../vma/vma';

/**
 * How often a thread is asked about while its faults wait: 3 ms later, and each time after twice as long. It needs some
 * microseconds of CPU time, for which it may have to wait: 765 ms in all.
 */
const MAX_AGAIN = 8;
const FIRST_MS = 3;
/** Threads of a program for which that was in vain, one after the other: it has a C library of another kind, or none. */
const MAX_IN_VAIN = 3;
const MAX_PROGRAMS = 256;

/**
 * A thread has faulted before it has told the kernel where its variables lie, which it does in its first instructions.
 * Decides for how long it is worth waiting for.
 */
export class StartingThreads {
  /** Threads in vain, by the file of the program. */
  private readonly inVain = new Map<string, number>();

  /** Is to be asked once for each time that the thread is asked about again. */
  mayAskAgain({ tls }: Thread, program: Vma): boolean {
    const key = keyOf(program);
    const before = this.inVain.get(key) ?? 0;
    if (tls.again >= MAX_AGAIN || before >= MAX_IN_VAIN) return false;
    tls.again++;
    if (tls.again === MAX_AGAIN) {
      if (this.inVain.size >= MAX_PROGRAMS) this.inVain.clear();
      this.inVain.set(key, before + 1);
    }
    return true;
  }

  /** After how many ms these are asked about. */
  pause(threads: readonly Thread[]): number {
    let least = MAX_AGAIN;
    for (const { tls } of threads) least = Math.min(least, tls.again);
    return FIRST_MS * 2 ** (least - 1);
  }

  /** A thread of the program has some: if it was waited for, that is of use there. */
  found({ tls }: Thread, program: Vma): void {
    if (tls.again > 0) this.inVain.delete(keyOf(program));
  }
}

function keyOf({ backing: { devMajor, devMinor, ino } }: Vma): string {
  return `${devMajor}:${devMinor}:${ino}`;
}
