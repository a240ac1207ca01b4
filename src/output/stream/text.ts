import { Buffer } from 'node:buffer';
import { CLASS_NAMES, FaultClass } from '../../core/classify/classes';
import { hexText } from '../../core/text/format';
import { codeText } from '../../core/columns/symbol-fields';
import type { FaultView } from '../../core/columns/fault-fields';
import type { Bytes } from './bytes';
import { MAX_NAME_BYTES, Piece } from './bytes';
import type { FaultEncoder } from './encoder';
import { printable } from '../../core/text/printable';
import { NameCache, utf8 } from './names';

/** Which faults show their latency. */
export type ShownLatency = 'major' | 'all' | 'none';

const SPACE = 32;
const NEWLINE = 10;

/**
 * The plain stream: `[ssssss.mmm] CLASS 0xADDRESS REGION [LATENCY]`, with symbols ` <- CODE` behind it. Seconds beyond six digits make the
 * field longer instead of wrapping. `time` gives ns since the start of capture.
 */
export class LineEncoder implements FaultEncoder {
  readonly header = Buffer.alloc(0);
  private readonly labels: NameCache;
  private readonly codes: NameCache | null;
  private readonly classes: readonly Piece[] = CLASS_NAMES.map((name) => Piece.of(`] ${name} `));

  constructor(
    private readonly view: FaultView,
    private readonly time: (view: FaultView, i: number) => number,
    private readonly latency: ShownLatency,
    symbols = false,
  ) {
    const { names } = view;
    this.codes = symbols
      ? new NameCache(
          (code) => codeText(names.code(code)),
          (text) => utf8(printable(text), MAX_NAME_BYTES),
        )
      : null;
    this.labels = new NameCache(
      (slot) => names.regionLabel(slot),
      (label) => utf8(printable(label), MAX_NAME_BYTES),
    );
  }

  nextBatch(): void {
    this.labels.nextBatch();
    this.codes?.nextBatch();
  }

  fault(out: Bytes, i: number): void {
    const { batch, resolved } = this.view;
    const faultClass = resolved.faultClass[i]!;
    out.byte(91);
    stamp(out, this.time(this.view, i));
    out.append(this.classes[faultClass]!);
    out.hex(batch.addrHi[i]!, batch.addrLo[i]!);
    out.byte(SPACE);
    out.append(this.labels.get(resolved.region[i]!));
    if (this.latency === 'all' || (this.latency === 'major' && faultClass === FaultClass.MAJOR)) {
      const ns = batch.latency[i]!;
      if (ns >= 0) {
        out.byte(SPACE);
        out.latency(ns);
      }
    }
    if (this.codes !== null) out.append(this.codes.get(resolved.code[i]!));
    out.byte(NEWLINE);
  }
}

function stamp(out: Bytes, ns: number): void {
  const ms = Math.floor(ns / 1e6);
  const seconds = Math.floor(ms / 1000);
  if (seconds < 1e6) out.digits(seconds, 6);
  else out.uint(seconds);
  out.byte(46);
  out.digits(ms - seconds * 1000, 3);
}

/** A fault that had not ended when the capture did, as a line of a notice. */
export function pendingText(address: bigint, tid: number, forNs: number): string {
  const text = hexText(Number(address >> 32n), Number(address & 0xffffffffn));
  return `tid ${tid} at ${text}, ${(forNs / 1e6).toFixed(1)}ms`;
}
