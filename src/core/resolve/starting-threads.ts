import type { Thread } from '../tasks/process';
import type { Vma } from '../vma/vma';

/** How often a thread is asked about while its faults wait; some ms apart. */
const MAX_AGAIN = 8;
/** Threads of a program for which that was in vain, one after the other: it has a C library of another kind, or none. */
const MAX_IN_VAIN = 4;
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

  /** A thread of the program has some. */
  found(program: Vma): void {
    this.inVain.delete(keyOf(program));
  }
}

function keyOf({ backing: { devMajor, devMinor, ino } }: Vma): string {
  return `${devMajor}:${devMinor}:${ino}`;
}
