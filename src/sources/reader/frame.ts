import { Buffer } from 'node:buffer';

/** The frames of addon/reader/frame.h, seen from the side that asks. */
const REQUEST_HEAD = 5;
const ANSWER_HEAD = 9;
const LENGTH = 4;
/** Longer than any answer: whoever claims more does not speak this language. */
const MAX_ANSWER = 64 << 20;
const MAX_REQUEST = 64 << 10;
/** Of a payload. */
export const MAX_PAYLOAD = MAX_REQUEST - REQUEST_HEAD;
/** MAX_ERRNO of include/linux/err.h. */
const MAX_ERRNO = 4095;
/** Pieces are put together when there are so many: each takes more memory than the byte it may hold. */
const MAX_PIECES = 1024;

export interface Frame {
  readonly id: number;
  readonly operation: number;
  /** 0, or the errno with which the operation failed. */
  readonly errno: number;
  readonly payload: Buffer;
}

/** null where the payload is longer than a request may be. */
export function requestFrame(id: number, operation: number, payload: Uint8Array): Buffer | null {
  const length = REQUEST_HEAD + payload.length;
  if (length > MAX_REQUEST) return null;
  const frame = Buffer.allocUnsafe(LENGTH + length);
  frame.writeUInt32LE(length, 0);
  frame.writeUInt32LE(id, LENGTH);
  frame.writeUInt8(operation, LENGTH + 4);
  frame.set(payload, LENGTH + REQUEST_HEAD);
  return frame;
}

/** Puts answers together from the pieces in which a pipe hands them over. */
export class AnswerParser {
  private pieces: Buffer[] = [];
  private held = 0;

  /** The answers that are complete by now, in order; null where the bytes are none. */
  push(piece: Buffer): Frame[] | null {
    this.pieces.push(piece);
    this.held += piece.length;
    if (this.pieces.length >= MAX_PIECES) this.pieces = [Buffer.concat(this.pieces)];
    const frames: Frame[] = [];
    while (this.held >= LENGTH) {
      const length = this.head();
      if (length < ANSWER_HEAD || length > MAX_ANSWER) return null;
      if (this.held < LENGTH + length) break;
      const frame = answerOf(this.take(LENGTH + length));
      if (frame.errno < 0 || frame.errno > MAX_ERRNO) return null;
      frames.push(frame);
    }
    return frames;
  }

  private head(): number {
    if (this.pieces[0]!.length < LENGTH) this.pieces = [Buffer.concat(this.pieces)];
    return this.pieces[0]!.readUInt32LE(0);
  }

  private take(bytes: number): Buffer {
    const all = this.pieces.length === 1 ? this.pieces[0]! : Buffer.concat(this.pieces);
    const rest = all.subarray(bytes);
    this.pieces = rest.length === 0 ? [] : [rest];
    this.held = rest.length;
    return all.subarray(0, bytes);
  }
}

function answerOf(frame: Buffer): Frame {
  return {
    id: frame.readUInt32LE(LENGTH),
    operation: frame.readUInt8(LENGTH + 4),
    errno: frame.readInt32LE(LENGTH + 5),
    payload: frame.subarray(LENGTH + ANSWER_HEAD),
  };
}
