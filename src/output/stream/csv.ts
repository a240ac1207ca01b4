import { Buffer } from 'node:buffer';
import { LIST_SEPARATOR } from '../../core/columns/fault-fields';
import type { FaultView, Field } from '../../core/columns/fault-fields';
import { MAX_NAME_BYTES } from './bytes';
import type { FaultEncoder } from './encoder';
import { printable } from '../../core/text/printable';
import { utf8 } from './names';
import { RecordEncoder } from './record';

/**
 * RFC 4180: a header line, CRLF, quotes doubled. The schema version is the column `v`, because the RFC
 * has no place for comments. Control characters become `?`, so that every record is one line and a file
 * shown on a terminal stays text.
 */
export function csvEncoder(view: FaultView, fields: readonly Field[]): FaultEncoder {
  return new RecordEncoder(view, fields, {
    header: `${fields.map((field) => field.id).join(',')}\r\n`,
    begin: '',
    end: '\r\n',
    before: (_, first) => (first ? '' : ','),
    hexQuote: '',
    absent: '',
    list: (items) => csvText(items.join(LIST_SEPARATOR), Infinity),
    text: csvText,
  });
}

/** One CSV value: cut first and quoted then, so that the closing quote is never what is cut off. */
function csvText(raw: string, max = MAX_NAME_BYTES): Uint8Array {
  const bytes = utf8(printable(raw), max);
  const text = bytes.toString('utf8');
  if (!/[",]/.test(text)) return bytes;
  return Buffer.from(`"${text.replaceAll('"', '""')}"`, 'utf8');
}
