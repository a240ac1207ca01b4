import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * A file that is written at once and completely, or not at all: into a temporary file beside it, which
 * then takes its name. The temporary file is made in the constructor, so that a place that cannot be
 * written is found out before a long run, not after it. What is there and is no regular file (a
 * terminal, a FIFO, /dev/null) is written directly: it must not be replaced.
 */
export class WholeFile {
  private readonly fd: number;
  /** null where the file is written directly. */
  private readonly temporary: string | null;

  /** Throws the error of the system call that failed. */
  constructor(private readonly path: string) {
    const there = fs.statSync(path, { throwIfNoEntry: false });
    if (there !== undefined && !there.isFile()) {
      this.temporary = null;
      this.fd = fs.openSync(path, fs.constants.O_WRONLY | fs.constants.O_NOCTTY);
      return;
    }
    const name = `.${basename(path).slice(0, 200)}.${process.pid}.tmp`;
    this.temporary = join(dirname(path), name);
    // O_EXCL: in a directory that others can write to nobody shall lead us elsewhere by a link.
    this.fd = fs.openSync(this.temporary, 'wx', 0o666);
    if (there !== undefined) fs.fchmodSync(this.fd, there.mode & 0o777);
  }

  /** Throws the error of the system call that failed; the old file is then still there. */
  finish(text: string): void {
    try {
      fs.writeFileSync(this.fd, text);
      if (this.temporary !== null) fs.renameSync(this.temporary, this.path);
      fs.closeSync(this.fd);
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  /** Leaves nothing behind. */
  abandon(): void {
    fs.closeSync(this.fd);
    if (this.temporary !== null) fs.rmSync(this.temporary, { force: true });
  }
}
