import * as fs from 'node:fs';
import { errorParts } from '../../core/facts/errors';
import { create, openThere, outputError, TO_WRITE } from './open';
import { checkObject, Refusal } from './others';
import { closePlace, pathOf, walk } from './path-walk';
import type { Place } from './path-walk';

/** How often the temporary file is made anew that another run of ours has taken away. */
const TRIES = 8;
const SUFFIX = '.pagefault-analyzer.tmp';
/** NAME_MAX of include/uapi/linux/limits.h, bytes. */
const NAME_MAX = 255;

/**
 * A file that is written at once and completely, or not at all: into a temporary file beside it, which
 * then takes its name. The temporary's name is always the same, so that a run that was killed leaves at
 * most this one, and the next run takes it over. What is there and is no regular file (a terminal, a FIFO,
 * /dev/null, a descriptor of ours) is written directly: it must not be replaced.
 */
export class WholeFile {
  /** Non-blocking descriptor of what is written directly; null for a regular file. The caller's. */
  readonly direct: number | null;
  private readonly place: Place;

  /**
   * Finds out whether the place can be written, before a long run and not after it. Throws AnalyzerError
   * OUTPUT with the reason.
   */
  constructor(
    readonly path: string,
    /** Permissions that it is to have; without them those of the file that is there, or the umask's. */
    private readonly mode: number | null = null,
  ) {
    try {
      this.place = walk(path);
    } catch (error) {
      throw outputError(path, error);
    }
    const { object, byDescriptor } = this.place;
    try {
      if (object !== null && (byDescriptor || !object.stat.isFile())) {
        this.direct = openDirect(this.place);
        return;
      }
      this.direct = null;
      // The directory alone decides about a rename: a file that is protected from writing stays.
      if (object !== null) fs.closeSync(fs.openSync(pathOf(object.fd), TO_WRITE));
      fs.closeSync(this.temporary());
      fs.unlinkSync(this.temporaryPath);
    } catch (error) {
      closePlace(this.place);
      throw outputError(path, error);
    }
  }

  /** Replaces the file, and gives it up. Throws AnalyzerError OUTPUT; the old file is then still there. */
  replace(text: string): void {
    try {
      for (let left = TRIES; !this.tryReplace(text); left--) {
        if (left === 0) throw new Refusal('another run writes there as well');
      }
    } catch (error) {
      throw outputError(this.path, error);
    } finally {
      this.abandon();
    }
  }

  /** Gives it up: nothing is left behind. */
  abandon(): void {
    closePlace(this.place);
    if (this.direct !== null) fs.closeSync(this.direct);
  }

  /** False when another run of ours has taken the temporary file for a leftover. */
  private tryReplace(text: string): boolean {
    const { object, directory, name } = this.place;
    this.checkAgain();
    const fd = this.temporary();
    try {
      if (object !== null) inherit(fd, object.stat);
      if (this.mode !== null) fs.fchmodSync(fd, this.mode);
      fs.writeFileSync(fd, text);
      if (!this.isOurs(fd)) return false;
      fs.renameSync(this.temporaryPath, pathOf(directory, name));
      return true;
    } catch (error) {
      if (errorParts(error).code === 'ENOENT' && !this.isOurs(fd)) return false;
      fs.rmSync(this.temporaryPath, { force: true });
      throw error;
    } finally {
      fs.closeSync(fd);
    }
  }

  /** Others may have put something in the place since it was looked at. */
  private checkAgain(): void {
    const { directory, name } = this.place;
    const there = fs.lstatSync(pathOf(directory, name), { throwIfNoEntry: false });
    if (there === undefined) return;
    checkObject(there, fs.fstatSync(directory));
    if (!there.isFile()) throw new Refusal('something else was put in its place meanwhile');
  }

  /** Creates the temporary file. A leftover goes; so does what others have put there, but is not followed. */
  private temporary(): number {
    for (let left = TRIES; ; left--) {
      try {
        return create(this.place, this.temporaryName, 0o666);
      } catch (error) {
        if (errorParts(error).code !== 'EEXIST' || left === 0) throw error;
        removeLeftover(this.temporaryPath);
      }
    }
  }

  private isOurs(fd: number): boolean {
    const there = fs.lstatSync(this.temporaryPath, { throwIfNoEntry: false });
    const own = fs.fstatSync(fd);
    return there?.dev === own.dev && there.ino === own.ino;
  }

  private get temporaryName(): string {
    let stem = this.place.name;
    while (Buffer.byteLength(stem) > NAME_MAX - SUFFIX.length - 1) stem = stem.slice(0, -1);
    return `.${stem}${SUFFIX}`;
  }

  private get temporaryPath(): string | Buffer {
    return pathOf(this.place.directory, this.temporaryName);
  }
}

/** Removing a name harms nothing that it stands for: a link's target and another name's file stay. */
function removeLeftover(path: string | Buffer): void {
  try {
    fs.unlinkSync(path);
  } catch (error) {
    const { code } = errorParts(error);
    if (code === 'ENOENT') return;
    if (code === 'EISDIR' || code === 'EPERM') {
      throw new Refusal(`its temporary name is taken (see .NAME${SUFFIX} beside it)`);
    }
    throw error;
  }
}

/** Not waited for, unlike the FIFO of a stream: what is written here is complete now. */
function openDirect(place: Place): number {
  try {
    return openThere(place);
  } catch (error) {
    const unread = errorParts(error).code === 'ENXIO' && place.object!.stat.isFIFO();
    throw unread ? new Refusal('it is a FIFO that nobody reads') : error;
  }
}

/** The new file is the old one to everybody: its owner, group and permissions. */
function inherit(fd: number, old: fs.Stats): void {
  try {
    fs.fchownSync(fd, old.uid, old.gid);
  } catch {
    // Only root may give files away; the file is then ours, as any that we create.
  }
  fs.fchmodSync(fd, old.mode & 0o777);
}
