import { Buffer } from 'node:buffer';
import * as fs from 'node:fs';

/**
 * Why a writer stopped: 'closed' is a reader that went away (EPIPE), which is no error; 'stalled' one that
 * did not read until we gave up.
 */
export interface WriteFailure {
  readonly kind: 'closed' | 'stalled' | 'error';
  readonly errno: string;
}

/** What the writer needs from outside; tests give their own. */
export interface WriterIo {
  /** write(2): the number of bytes taken; throws an error with `code`. */
  write(fd: number, data: Uint8Array, offset: number, length: number): number;
  later(action: () => void, ms: number): void;
  isDevice(fd: number): boolean;
}

export const systemIo: WriterIo = {
  write: (fd, data, offset, length) => fs.writeSync(fd, data, offset, length),
  later: (action, ms) => {
    setTimeout(action, ms);
  },
  isDevice: (fd) => fs.fstatSync(fd).isCharacterDevice(),
};

const RETRY_MS = 1;

/**
 * Writes to a descriptor without ever blocking the event loop, where the descriptor allows it: what a
 * full pipe does not take is kept, and `ready` is false until it is gone. The caller stops producing
 * meanwhile, so that memory stays at one buffer; whoever fills up then (the mailbox) counts its losses.
 *
 * Retries by timer and not by epoll: a pipe's 64 KiB a millisecond is more than a stream makes, and a
 * libuv stream would set O_NONBLOCK on a description that may be shared with others.
 */
export class FdWriter {
  private pending: Uint8Array | null = null;
  private pendingAt = 0;
  private retrying = false;
  private failed: WriteFailure | null = null;
  private taken = 0;
  private onReady: (() => void) | null = null;

  constructor(
    private readonly fd: number,
    private readonly io: WriterIo = systemIo,
  ) {}

  /** Nothing waits: more may be written. True after a failure too: what is written then is dropped. */
  get ready(): boolean {
    return this.pending === null;
  }

  get failure(): WriteFailure | null {
    return this.failed;
  }

  /** Bytes that the descriptor has taken: whether a reader that seems to stand still moves. */
  get written(): number {
    return this.taken;
  }

  /** Takes all of `data`: it may be reused at once. */
  write(data: Uint8Array): void {
    if (this.failed !== null || data.length === 0) return;
    if (this.pending !== null) {
      this.pending = Buffer.concat([this.pending.subarray(this.pendingAt), data]);
      this.pendingAt = 0;
      return;
    }
    const taken = this.push(data, 0);
    if (taken === data.length || this.failure !== null) return;
    this.pending = Uint8Array.from(data.subarray(taken));
    this.pendingAt = 0;
    this.retryLater();
  }

  /** Calls back once when nothing waits any more (or writing has failed); at once if so already. */
  whenReady(action: () => void): void {
    if (this.pending === null) {
      action();
      return;
    }
    this.onReady = action;
  }

  /** Gives up what still waits and all that follows: the reader does not read and we want to leave. */
  abandon(): void {
    this.failed ??= { kind: 'stalled', errno: 'EAGAIN' };
    this.settle();
  }

  /** Writes what the descriptor takes now; the index up to which it did. */
  private push(data: Uint8Array, from: number): number {
    let at = from;
    while (at < data.length) {
      try {
        const taken = this.io.write(this.fd, data, at, data.length - at);
        at += taken;
        this.taken += taken;
      } catch (error) {
        const code = errorCode(error);
        if (code === 'EAGAIN') return at;
        if (code === 'EINTR') continue;
        // A terminal that went away (ssh dropped) gives EIO: as everyday an end as a closed pipe. On a
        // file it is a broken disk.
        const closed = code === 'EPIPE' || (code === 'EIO' && this.io.isDevice(this.fd));
        this.failed = { kind: closed ? 'closed' : 'error', errno: code };
        return at;
      }
    }
    return at;
  }

  private retryLater(): void {
    if (this.retrying) return;
    this.retrying = true;
    this.io.later(() => {
      this.retrying = false;
      if (this.pending === null) return;
      this.pendingAt = this.push(this.pending, this.pendingAt);
      if (this.failed === null && this.pendingAt < this.pending.length) this.retryLater();
      else this.settle();
    }, RETRY_MS);
  }

  private settle(): void {
    this.pending = null;
    this.pendingAt = 0;
    const action = this.onReady;
    this.onReady = null;
    action?.();
  }
}

/** `instanceof` would miss errors that another realm made. */
function errorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error
    ? String(error.code)
    : 'EIO';
}
