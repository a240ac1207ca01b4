import { closeSync } from 'node:fs';
import { AnalyzerError, errorParts, writeFailureText } from '../core/errors';
import { openOutput, openStandard } from '../out/open';
import { FdWriter } from '../out/writer';
import type { Place } from './output-plan';

interface Outlet {
  readonly fd: number;
  /** As the user knows it. */
  readonly name: string;
  readonly writer: FdWriter;
}

/** The writers of a run, one per place, opened when first asked for. */
export class Outlets {
  private readonly outlets = new Map<Place, Outlet>();

  /** Opens (and empties) the file of -o at once; throws AnalyzerError OUTPUT when that fails. */
  constructor(file: string | null) {
    if (file !== null) this.outlets.set('file', outlet(openFile(file), file));
  }

  writer(place: Place): FdWriter {
    let found = this.outlets.get(place);
    if (found === undefined) {
      if (place === 'file') throw new Error('no output file was given');
      found = outlet(openStandard(place === 'stdout' ? 1 : 2), place);
      this.outlets.set(place, found);
    }
    return found.writer;
  }

  /** Somebody stopped reading what we wrote: nothing more is to be said. */
  get closedByReader(): boolean {
    return [...this.outlets.values()].some(({ writer }) => writer.failure?.kind === 'closed');
  }

  /** The name of a place whose reader we gave up on, '' for none. */
  get stalled(): string {
    for (const { name, writer } of this.outlets.values()) {
      if (writer.failure?.kind === 'stalled') return name;
    }
    return '';
  }

  /** What went wrong with writing, in one line; '' when nothing did. */
  get trouble(): string {
    for (const { name, writer } of this.outlets.values()) {
      const { failure } = writer;
      if (failure?.kind === 'error') {
        return `error: cannot write to ${name}: ${writeFailureText(failure.errno)}`;
      }
    }
    return '';
  }

  /**
   * Waits until everything is written. A reader that does not read is given up once `patience` says so;
   * it is asked every few ms.
   */
  async settle(patience: () => boolean, sleep: (ms: number) => Promise<unknown>): Promise<void> {
    for (const { writer } of this.outlets.values()) {
      while (!writer.ready) {
        await sleep(POLL_MS);
        if (!patience()) writer.abandon();
      }
    }
  }

  close(): void {
    for (const { fd } of this.outlets.values()) if (fd > 2) closeSync(fd);
    this.outlets.clear();
  }
}

const POLL_MS = 5;

function outlet(fd: number, name: string): Outlet {
  return { fd, name, writer: new FdWriter(fd) };
}

function openFile(file: string): number {
  try {
    return openOutput(file);
  } catch (error) {
    const { code } = errorParts(error);
    throw new AnalyzerError('OUTPUT', `${file}: ${writeFailureText(code)}`);
  }
}
