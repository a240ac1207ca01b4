import { Buffer } from 'node:buffer';
import { closeSync } from 'node:fs';
import { sharedWrite } from '../native/shared-write';
import type { Inheritance } from '../native/contract';
import { AnalyzerError } from '../core/facts/errors';

const STANDARD = 2;

/** Tells a script that capture is on: a newline on a descriptor that it opened for us (--ready-fd). */
export class Readiness {
  /** What COMMAND gets: not this descriptor, whose reader may wait for its end. */
  readonly inherit: Inheritance;

  /** `fd` is null for nobody to tell. Throws AnalyzerError (READY_FD) where it was not inherited. */
  constructor(
    private readonly fd: number | null,
    inherit: Inheritance,
  ) {
    this.inherit = fd === null ? inherit : without(inherit, fd);
    if (fd === null) return;
    const { closed, descriptors } = inherit;
    const open =
      fd <= STANDARD
        ? !closed.includes(fd)
        : descriptors.some(([first, last]) => first <= fd && fd <= last);
    if (!open) throw new AnalyzerError('READY_FD', String(fd));
  }

  /** Says it, once. A reader that has gone or does not read does not stop a capture. */
  tell(): void {
    const { fd } = this;
    if (fd === null) return;
    try {
      sharedWrite(fd)(fd, Buffer.from('\n'), 0, 1);
    } catch {
      // Nobody is there to be told.
    }
    if (fd > STANDARD) closeSync(fd);
  }
}

function without(inherit: Inheritance, fd: number): Inheritance {
  return {
    ...inherit,
    descriptors: inherit.descriptors.flatMap(([first, last]) => {
      if (fd < first || fd > last) return [[first, last] as const];
      const sides = [
        [first, fd - 1],
        [fd + 1, last],
      ] as const;
      return sides.filter(([from, to]) => from <= to);
    }),
  };
}
