import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';

/** Which of descriptors 0 to 2 were terminals at the start, and whether they still are. */
export class Terminals {
  private readonly fds = [0, 1, 2].filter((fd) => isatty(fd));

  private get lost(): number[] {
    // A terminal that was hung up answers EIO to everything.
    return this.fds.filter((fd) => !isatty(fd));
  }

  /** One of them was hung up: its window was closed, or the connection dropped. */
  get hungUp(): boolean {
    return this.lost.length > 0;
  }

  /**
   * Before Node ends: it sets the modes of its terminals back, and aborts where that fails (ResetStdio in
   * src/node.cc). A descriptor that has become another file it leaves alone.
   */
  release(): void {
    for (const fd of this.lost) {
      closeSync(fd);
      // The lowest number that is free: the same one.
      openSync('/dev/null', 'r+');
    }
  }
}
