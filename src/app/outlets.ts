import { closeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { sharedWrite } from '../native/shared-write';
import { writeFailureText } from '../core/facts/errors';
import { openStandard, outputError, StreamFile } from '../output/files/open';
import type { WholeFile } from '../output/files/whole-file';
import { FdWriter, systemIo } from '../output/files/writer';
import type { Place } from './output-plan';

interface Outlet {
  /** -1 once it is closed. */
  fd: number;
  /** As the user knows it. */
  readonly name: string;
  readonly writer: FdWriter;
}

/** False when waiting is over: a signal, or the end of -d. */
export type Patience = () => boolean;

/** Between two looks at what is waited for, ms. */
const POLL_MS = 5;
/** How long a reader may take nothing once an end was asked for. */
const PATIENCE_MS = 2000;

/** The writers of a run, one per place, opened when first asked for. */
export class Outlets {
  private readonly places = new Map<Place, Outlet>();
  /** Files beside the stream: COMMAND's output, what the dashboard writes into a FIFO. */
  private readonly others: Outlet[] = [];

  /**
   * Opens (and empties) the file of -o, null for none. A FIFO is waited for, as the shell's `>` does. null:
   * patience ended before it had a reader. Throws AnalyzerError OUTPUT.
   */
  static async open(file: string | null, patience: Patience): Promise<Outlets | null> {
    const outlets = new Outlets();
    if (file === null) return outlets;
    const fd = await opened(file, patience);
    if (fd === null) return null;
    outlets.places.set('file', outlet(fd, file));
    return outlets;
  }

  writer(place: Place): FdWriter {
    let found = this.places.get(place);
    if (found === undefined) {
      if (place === 'file') throw new Error('no output file was given');
      found = outlet(openStandard(place === 'stdout' ? 1 : 2), place);
      this.places.set(place, found);
    }
    return found.writer;
  }

  /** Another file for a stream; null as with open(). */
  async file(path: string, patience: Patience): Promise<FdWriter | null> {
    const fd = await opened(path, patience);
    if (fd === null) return null;
    const added = outlet(fd, path);
    this.others.push(added);
    return added.writer;
  }

  /**
   * Writes a file that is written at once, and closes it. A FIFO or terminal gets what it takes now; the
   * rest goes on in the background (settle). Throws AnalyzerError OUTPUT.
   */
  deliver(file: WholeFile, text: string): void {
    if (file.direct === null) {
      file.replace(text);
      return;
    }
    const { path } = file;
    const added = outlet(file.direct, path);
    added.writer.write(Buffer.from(text));
    const { failure } = added.writer;
    if (failure === null) this.others.push(added);
    added.writer.whenReady(() => {
      close(added);
    });
    if (failure?.kind === 'error') throw outputError(path, { code: failure.errno });
  }

  /** Somebody stopped reading what we wrote: nothing more is to be said. */
  get closedByReader(): boolean {
    return [...this.places.values()].some(({ writer }) => writer.failure?.kind === 'closed');
  }

  /** The name of a place whose reader we gave up on, '' for none. */
  get stalled(): string {
    for (const { name, writer } of this.all()) {
      if (writer.failure?.kind === 'stalled') return name;
    }
    return '';
  }

  /** What went wrong with writing, in one line; '' when nothing did. */
  get trouble(): string {
    for (const { name, writer } of this.all()) {
      const { failure } = writer;
      if (failure?.kind === 'error') {
        return `error: cannot write to ${name}: ${writeFailureText(failure.errno)}`;
      }
    }
    return '';
  }

  /**
   * Waits until everything is written. `askedAt` is when an end was asked for (performance.now(), Infinity for
   * not at all): from then on a reader that takes nothing for a while is given up.
   */
  async settle(askedAt: () => number, sleep: (ms: number) => Promise<unknown>): Promise<void> {
    for (const { writer } of this.all()) {
      let movedAt = performance.now();
      let written = writer.written;
      while (!writer.ready) {
        await sleep(POLL_MS);
        const now = performance.now();
        if (writer.written !== written) movedAt = now;
        written = writer.written;
        if (now - Math.max(askedAt(), movedAt) > PATIENCE_MS) writer.abandon();
      }
    }
  }

  close(): void {
    for (const each of this.all()) close(each);
    this.places.clear();
    this.others.length = 0;
  }

  private all(): Outlet[] {
    return [...this.places.values(), ...this.others];
  }
}

function outlet(fd: number, name: string): Outlet {
  // What we did not open ourselves may block: it has no O_NONBLOCK that others would not feel.
  const io = fd > 2 ? systemIo : { ...systemIo, write: sharedWrite(fd) };
  return { fd, name, writer: new FdWriter(fd, io) };
}

function close(outlet: Outlet): void {
  if (outlet.fd > 2) closeSync(outlet.fd);
  outlet.fd = -1;
}

async function opened(path: string, patience: Patience): Promise<number | null> {
  const file = new StreamFile(path);
  for (;;) {
    const fd = file.tryOpen();
    if (fd !== null) return fd;
    if (!patience()) {
      file.close();
      return null;
    }
    await pause(POLL_MS);
  }
}
