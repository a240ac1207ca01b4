import { Buffer } from 'node:buffer';
import {
  codedText,
  LIST_SEPARATOR,
  TEXT_CODES,
  TEXT_COLUMNS,
} from '../../core/columns/fault-fields';
import type { FaultView, Field } from '../../core/columns/fault-fields';
import { Piece } from './bytes';
import type { Bytes } from './bytes';
import type { FaultEncoder } from './encoder';
import { NameCache } from './names';
import { ComputedPart, ConstantPart, DoublePart, HexPart, RunPart, TextPart } from './parts';
import type { Numbers, Part } from './parts';

/** How a format writes the parts of a record. */
export interface RecordSyntax {
  readonly header: string;
  readonly begin: string;
  readonly end: string;
  /** What stands before the value of a field: a comma, a key. */
  before(field: Field, first: boolean): string;
  /** The character around an address, '' for none. */
  readonly hexQuote: string;
  readonly absent: string;
  /** A present text: cut to MAX_NAME_BYTES, then quoted and escaped. */
  text(raw: string): Uint8Array;
  /** A present list: short and free of control characters already. */
  list(items: readonly string[]): Uint8Array;
}

/**
 * One record per fault from the field table, for formats that differ only in syntax (CSV, NDJSON).
 * The table is compiled once into parts; per fault only numbers are formatted.
 */
export class RecordEncoder implements FaultEncoder {
  readonly header: Uint8Array;
  private readonly parts: readonly Part[];

  constructor(view: FaultView, fields: readonly Field[], syntax: RecordSyntax) {
    this.header = Buffer.from(syntax.header, 'utf8');
    this.parts = compile(view, fields, syntax);
  }

  nextBatch(): void {
    for (const part of this.parts) part.nextBatch();
  }

  fault(out: Bytes, i: number): void {
    for (const part of this.parts) part.write(out, i);
  }
}

function compile(view: FaultView, fields: readonly Field[], syntax: RecordSyntax): Part[] {
  const parts: Part[] = [];
  let run: Part[] = [];
  let numbers = new Set<Numbers>();
  /** Ends a run with `text`, which is no more work there; returns what still has to be written. */
  const close = (text: string): string => {
    if (run.length === 0) return text;
    parts.push(new RunPart(view, [...run, new ConstantPart(Piece.of(text))], numbers));
    run = [];
    numbers = new Set();
    return '';
  };
  fields.forEach((field, k) => {
    const before = `${k === 0 ? syntax.begin : ''}${syntax.before(field, k === 0)}`;
    const source = repeatingNumbers(view, field);
    if (source === null) {
      parts.push(partOf(view, field, close(before), syntax));
    } else {
      run.push(partOf(view, field, before, syntax));
      numbers.add(source);
    }
  });
  const end = close(syntax.end);
  if (end !== '') parts.push(new ConstantPart(Piece.of(end)));
  return parts;
}

/** What tells the values of a field that repeats, null for one that does not. */
function repeatingNumbers(view: FaultView, field: Field): Numbers | null {
  switch (field.kind) {
    case 'hex':
      return null;
    case 'uint': {
      if (!field.repeats) return null;
      const column = field.column?.(view);
      return column instanceof Uint32Array ? column : field.value;
    }
    case 'text':
    case 'enum':
      // Too long to be kept with what repeats.
      if (field.list === true) return null;
      return TEXT_COLUMNS[field.source]?.(view) ?? TEXT_CODES[field.source];
    case 'coded':
      return TEXT_COLUMNS[field.source]?.(view) ?? TEXT_CODES[field.source];
  }
}

function partOf(view: FaultView, field: Field, before: string, syntax: RecordSyntax): Part {
  const absent = Piece.of(before + syntax.absent);
  switch (field.kind) {
    case 'hex': {
      const { hexQuote } = syntax;
      const quote = hexQuote === '' ? 0 : hexQuote.charCodeAt(0);
      return new HexPart(view, field, Piece.of(before + hexQuote), quote, absent);
    }
    case 'uint': {
      const column = field.column?.(view);
      return column instanceof Float64Array
        ? new DoublePart(column, Piece.of(before), absent)
        : new ComputedPart(view, field.value, Piece.of(before), absent);
    }
    case 'text':
    case 'enum':
    case 'coded': {
      const lead = Buffer.from(before, 'utf8');
      const encode = (raw: string): Uint8Array => {
        if (field.kind === 'coded') return Buffer.from(raw);
        return field.list === true ? syntax.list(raw.split(LIST_SEPARATOR)) : syntax.text(raw);
      };
      const cache = new NameCache(
        (code) => codedText(field, view, code),
        (raw) => (raw === '' ? absent.bytes : Buffer.concat([lead, encode(raw)])),
      );
      return new TextPart(view, TEXT_CODES[field.source], cache);
    }
  }
}
