import * as fs from 'node:fs';
import { AnalyzerError, errorParts, writeFailureText } from '../../core/facts/errors';
import { Refusal } from './others';
import { closePlace, pathOf, walk } from './path-walk';
import type { Place } from './path-walk';

const { O_CREAT, O_EXCL, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = fs.constants;
/** Nothing of it waits: neither for a FIFO's reader nor for a serial line's carrier. */
export const TO_WRITE = O_WRONLY | O_NONBLOCK | O_NOCTTY;
/** How often a name that others create and remove under our hands is looked up again. */
const TRIES = 8;

/**
 * A descriptor for our own stream on one of the standard outputs. Pipes and terminals are opened anew
 * through /proc: O_NONBLOCK belongs to the open file description, and setting it on the inherited one
 * would give EAGAIN to a COMMAND, or a shell, that shares it. Everything else (files, sockets, no
 * permission to reopen) is used as it is: a file must keep its shared offset, and for the rest there is
 * the addon's writeNow().
 */
export function openStandard(fd: 1 | 2): number {
  try {
    const kind = fs.fstatSync(fd);
    if (!kind.isFIFO() && !kind.isCharacterDevice()) return fd;
    return fs.openSync(pathOf(fd), TO_WRITE);
  } catch {
    return fd;
  }
}

/** `cannot write to FILE: ...` for anything that opening or writing has thrown. */
export function outputError(path: string, error: unknown): AnalyzerError {
  const why = error instanceof Refusal ? error.message : writeFailureText(errorParts(error).code);
  return new AnalyzerError('OUTPUT', `${path}: ${why}`);
}

/** A file that a stream is written into as it grows: created, emptied, or a FIFO or device. */
export class StreamFile {
  private place: Place | null = null;

  constructor(
    readonly path: string,
    /** Permissions of a file that is created, less those of the umask. */
    private readonly mode = 0o666,
  ) {}

  /**
   * Opens it without waiting. null: it is a FIFO that nobody reads yet, to be tried again. Throws
   * AnalyzerError OUTPUT with the reason.
   */
  tryOpen(): number | null {
    try {
      const fd = this.place === null ? this.open() : openFifo(this.place);
      if (fd !== null) this.close();
      return fd;
    } catch (error) {
      this.close();
      throw outputError(this.path, error);
    }
  }

  close(): void {
    if (this.place !== null) closePlace(this.place);
    this.place = null;
  }

  private open(): number | null {
    for (let left = TRIES; ; left--) {
      const place = walk(this.path);
      this.place = place;
      if (place.object !== null) {
        if (place.object.stat.isFIFO()) return openFifo(place);
        return openThere(place);
      }
      try {
        return create(place, place.name, this.mode);
      } catch (error) {
        if (errorParts(error).code !== 'EEXIST' || left === 0) throw error;
        this.close();
      }
    }
  }
}

/** Nobody but its owner needs to know what others did. */
const PRIVATE = 0o600;

/**
 * Opens (and empties) a file for a recording, which is written from both ends: a regular one, that only its owner can
 * read from then on. Throws AnalyzerError OUTPUT.
 */
export function openRecording(path: string): number {
  const fd = new StreamFile(path, PRIVATE).tryOpen();
  if (fd === null) throw new AnalyzerError('OUTPUT', `${path}: a recording takes a regular file`);
  try {
    if (!fs.fstatSync(fd).isFile()) throw new Refusal('a recording takes a regular file');
    fs.fchmodSync(fd, PRIVATE);
    return fd;
  } catch (error) {
    fs.closeSync(fd);
    throw outputError(path, error);
  }
}

/** Creates a file that was not there: EEXIST otherwise, whatever it is. */
export function create(place: Place, name: string, mode: number): number {
  return fs.openSync(pathOf(place.directory, name), TO_WRITE | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
}

/** Opens, through the descriptor, the very thing that was judged; a regular file is then emptied. */
export function openThere(place: Place): number {
  const fd = fs.openSync(pathOf(place.object!.fd), TO_WRITE);
  try {
    if (fs.fstatSync(fd).isFile()) fs.ftruncateSync(fd);
    return fd;
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

function openFifo(place: Place): number | null {
  try {
    return openThere(place);
  } catch (error) {
    if (errorParts(error).code === 'ENXIO') return null;
    throw error;
  }
}
