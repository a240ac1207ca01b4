import { Buffer } from 'node:buffer';
import type { FaultView, Field } from '../../core/columns/fault-fields';
import { safeJson } from '../../core/text/printable';
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
    list: (items) => Buffer.from(safeJson(JSON.stringify(items)), 'utf8'),
    text: (raw) =>
      Buffer.from(safeJson(JSON.stringify(utf8(raw, MAX_NAME_BYTES).toString('utf8'))), 'utf8'),
  });
}
