import { Buffer } from 'node:buffer';
import { openSync, read } from 'node:fs';

/** /proc/vmstat has some 4 KB. */
const MOST = 64 << 10;

/**
 * Texts of /proc that are read again and again. Each file stays open, and is read in one go by a thread of the pool:
 * readFile() goes there five times for a text, which was a third of the wake-ups of a dashboard at rest. A file of a
 * seq_file is told anew when it is read from its beginning (seq_read_iter() of fs/seq_file.c).
 */
export class KeptTexts {
  private readonly open = new Map<string, number>();
  /** One for each file: they are read at the same time. */
  private readonly buffers = new Map<string, Buffer>();

  /** Reads one of them; rejects where it cannot be opened or read. No file is asked for twice at a time. */
  readonly reader = (path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const buffer = this.bufferOf(path);
      read(this.descriptor(path), buffer, 0, MOST, 0, (error, bytes) => {
        if (error === null) resolve(buffer.toString('latin1', 0, bytes));
        else reject(error);
      });
    });

  private descriptor(path: string): number {
    let fd = this.open.get(path);
    if (fd === undefined) {
      fd = openSync(path, 'r');
      this.open.set(path, fd);
    }
    return fd;
  }

  private bufferOf(path: string): Buffer {
    let buffer = this.buffers.get(path);
    if (buffer === undefined) {
      buffer = Buffer.allocUnsafeSlow(MOST);
      this.buffers.set(path, buffer);
    }
    return buffer;
  }
}
