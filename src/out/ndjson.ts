import { Buffer } from 'node:buffer';
import type { FaultView, Field } from '../core/fields';
import { MAX_NAME_BYTES } from './bytes';
import type { FaultEncoder } from './encoder';
import { utf8 } from './names';
import { RecordEncoder } from './record';

/** One JSON object a line, with the fields of the table in its order; absent values are null. */
export function ndjsonEncoder(view: FaultView, fields: readonly Field[]): FaultEncoder {
  return new RecordEncoder(view, fields, {
    header: '',
    begin: '{',
    end: '}\n',
    before: (field, first) => `${first ? '' : ','}${JSON.stringify(field.id)}:`,
    hexQuote: '"',
    absent: 'null',
    text: (raw) => Buffer.from(jsonText(utf8(raw, MAX_NAME_BYTES).toString('utf8')), 'utf8'),
  });
}

/**
 * A JSON string that is safe on a terminal and in line-based tools too: JSON leaves DEL, the C1 controls
 * (the 8-bit CSI) and the Unicode line separators as they are; here they are escaped like the others.
 */
export function jsonText(raw: string): string {
  return JSON.stringify(raw).replace(
    /[\x7f-\x9f\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
