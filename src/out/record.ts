import { Buffer } from 'node:buffer';
import { TEXT_CODES } from '../core/fields';
import type { FaultView, Field, TextField, TextSource } from '../core/fields';
import type { Bytes } from './bytes';
import type { FaultEncoder } from './encoder';
import { NameCache } from './names';

/** How a format writes the parts of a record. */
export interface RecordSyntax {
  readonly header: string;
  readonly begin: string;
  readonly end: string;
  /** What stands before the value of a field: a comma, a key. */
  before(field: Field, first: boolean): string;
  /** What stands around an address. */
  readonly hexQuote: string;
  readonly absent: string;
  /** A present text: cut to MAX_NAME_BYTES, then quoted and escaped. */
  text(raw: string): Uint8Array;
}

const Op = { TEXT: 0, UINT: 1, HEX: 2 } as const;

/**
 * One piece of a record. All steps have one shape: the loop over them is the hot path, and loads from
 * objects of several shapes cost more there than the formatting. Unused members hold a neutral value.
 */
class Step {
  constructor(
    readonly op: number,
    /** What stands before the value. */
    readonly before: Uint8Array,
    /** A number, a text's code, or the low half of an address. */
    readonly value: (view: FaultView, i: number) => number,
    readonly high: (view: FaultView, i: number) => number,
    readonly present: (view: FaultView, i: number) => boolean,
    /** Consecutive text fields of one source are one run of bytes: encoded once, appended at once. */
    readonly cache: NameCache,
  ) {}
}

const zero = (): number => 0;
const always = (): boolean => true;

/**
 * One record per fault from the field table, for formats that differ only in syntax (CSV, NDJSON).
 * The table is compiled once into steps; per fault only numbers are formatted.
 */
export class RecordEncoder implements FaultEncoder {
  readonly header: Uint8Array;
  private readonly begin: Uint8Array;
  private readonly end: Uint8Array;
  private readonly hexQuote: Uint8Array;
  private readonly absent: Uint8Array;
  private readonly steps: readonly Step[];

  constructor(
    private readonly view: FaultView,
    fields: readonly Field[],
    syntax: RecordSyntax,
  ) {
    this.header = Buffer.from(syntax.header, 'utf8');
    this.begin = Buffer.from(syntax.begin, 'utf8');
    this.end = Buffer.from(syntax.end, 'utf8');
    this.hexQuote = Buffer.from(syntax.hexQuote, 'utf8');
    this.absent = Buffer.from(syntax.absent, 'utf8');
    this.steps = compile(view, fields, syntax);
  }

  nextBatch(): void {
    for (const step of this.steps) step.cache.nextBatch();
  }

  fault(out: Bytes, i: number): void {
    const view = this.view;
    out.append(this.begin);
    for (const step of this.steps) {
      if (step.op === Op.TEXT) {
        out.append(step.cache.get(step.value(view, i)));
        continue;
      }
      out.append(step.before);
      if (step.op === Op.UINT) {
        const value = step.value(view, i);
        if (value >= 0) out.uint(value);
        else out.append(this.absent);
      } else if (step.present(view, i)) {
        out.append(this.hexQuote);
        out.hex(step.high(view, i), step.value(view, i));
        out.append(this.hexQuote);
      } else {
        out.append(this.absent);
      }
    }
    out.append(this.end);
  }
}

function compile(view: FaultView, fields: readonly Field[], syntax: RecordSyntax): Step[] {
  const steps: Step[] = [];
  const none = new NameCache(String, () => Buffer.alloc(0));
  let at = 0;
  while (at < fields.length) {
    const field = fields[at]!;
    const before = Buffer.from(syntax.before(field, at === 0), 'utf8');
    if (field.kind === 'uint' || field.kind === 'hex') {
      steps.push(
        field.kind === 'uint'
          ? new Step(Op.UINT, before, field.value, zero, always, none)
          : new Step(Op.HEX, before, field.low, field.high, field.present, none),
      );
      at += 1;
      continue;
    }
    const run: { readonly field: TextField; readonly before: Buffer }[] = [];
    for (let next = field as Field | undefined; isText(next, field.source); next = fields[at]) {
      run.push({ field: next, before: Buffer.from(syntax.before(next, at === 0), 'utf8') });
      at += 1;
    }
    steps.push(textStep(view, field.source, run, syntax));
  }
  return steps;
}

function isText(field: Field | undefined, source: TextSource): field is TextField {
  return field !== undefined && 'source' in field && field.source === source;
}

function textStep(
  view: FaultView,
  source: TextSource,
  run: readonly { readonly field: TextField; readonly before: Buffer }[],
  syntax: RecordSyntax,
): Step {
  // The run's raw texts joined by NUL, which no name holds: one string to compare per code and batch.
  const rawOf = (code: number): string => {
    if (run.length === 1) return run[0]!.field.text(view.names, code);
    return run.map(({ field }) => field.text(view.names, code).replaceAll('\0', '?')).join('\0');
  };
  const encode = (raw: string): Uint8Array => {
    const parts = run.length === 1 ? [raw] : raw.split('\0');
    return Buffer.concat(
      run.flatMap(({ before }, index) => {
        const part = parts[index]!;
        return [before, part === '' ? Buffer.from(syntax.absent, 'utf8') : syntax.text(part)];
      }),
    );
  };
  const cache = new NameCache(rawOf, encode);
  return new Step(Op.TEXT, Buffer.alloc(0), TEXT_CODES[source], zero, always, cache);
}
