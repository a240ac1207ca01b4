import { CAUSE_NAMES, CLASS_NAMES } from '../../core/classify/classes';
import { FAULT_FIELDS, fieldValue } from '../../core/columns/fault-fields';
import { codeText } from '../../core/columns/symbol-fields';
import type { ExportTable } from '../../core/columns/table-export';
import { grouped, hexText, latency } from '../../core/text/format';
import { Line } from '../layout/line';
import { LOG_CAPACITY, type EventLog } from '../state/event-log';
import type { EventTest, Scene } from '../state/scene';
import { CLASS_STYLE, type Theme } from '../terminal/theme';

/** The rule above the newest events, and those that were found. */
export function eventSection(
  theme: Theme,
  columns: number,
  log: EventLog,
  sequences: readonly number[],
): string[] {
  return [eventsTitle(theme, columns, log, true), ...eventLines(theme, columns, log, sequences)];
}

/** The log's events with the fields of the streams, and the share of faults that each class shows. */
export function eventTable(scene: Scene, belong?: EventTest): ExportTable {
  const { log } = scene.picture;
  return {
    name: 'events',
    columns: [...FAULT_FIELDS.map((field) => field.id), 'sampled_share'],
    rows: scene.newestEvents(LOG_CAPACITY, belong).map((sequence) => {
      const at = log.at(sequence);
      const share = log.shareOf(log.resolved.faultClass[at]!);
      return [...FAULT_FIELDS.map((field) => fieldValue(field, log, at)), share];
    }),
  };
}

/** The log's lines, newest at the bottom. `sequences` come from EventLog.newest or from(). */
export function eventLines(
  theme: Theme,
  columns: number,
  log: EventLog,
  sequences: readonly number[],
): string[] {
  return sequences.map((sequence) => eventLine(theme, columns, log, log.at(sequence)));
}

function eventLine(theme: Theme, columns: number, log: EventLog, at: number): string {
  const { batch, resolved, names } = log;
  const name = CLASS_NAMES[resolved.faultClass[at]!]!;
  const seconds = batch.time[at]! / 1e9;
  const line = new Line(theme, columns).add(' ');
  line.cell(seconds.toFixed(3), 10, 'right', 'dim').add(' ');
  line.cell(name, 5, 'left', CLASS_STYLE[name]).add(' ');
  const wide = columns >= 110;
  if (wide) line.cell(names.commName(at), 15, 'left').add(' ');
  line.cell(String(batch.tid[at]!), 7, 'right').add(' ');
  line.cell(hexText(batch.addrHi[at]!, batch.addrLo[at]!), 14, 'right').add(' ');
  const tail = columns >= 76 ? 9 + 13 : 9;
  const offset = resolved.fileOffset[at]!;
  const place =
    offset >= 0 && wide
      ? `${names.regionLabel(at)} +0x${offset.toString(16)}`
      : names.regionLabel(at);
  line.cell(place, Math.min(60, Math.max(8, line.room - tail - 1)), 'left');
  line.cell(batch.latency[at]! < 0 ? '' : latency(batch.latency[at]!), 9, 'right');
  if (tail > 9) line.add(' ').cell(CAUSE_NAMES[resolved.cause[at]!]!, 12, 'left', 'dim');
  if (columns >= 140) line.add(codeText(names.code(resolved.code[at]!)));
  return line.end();
}

/** What share of the faults the log shows: `1 of 312 MINOR, 80 % of COW`; '' when all are shown. */
function sampleText(log: EventLog): string {
  return CLASS_NAMES.map((name, cls) => {
    const share = log.shareOf(cls);
    if (share >= 1) return '';
    // `1 of 1` would be a riddle.
    return share > 0.4
      ? `${Math.floor(share * 100)} % of ${name}`
      : `1 of ${grouped(Math.round(1 / share))} ${name}`;
  })
    .filter((text) => text !== '')
    .join(', ');
}

/** The rule above the log: what it shows, and whether it follows. */
export function eventsTitle(
  theme: Theme,
  columns: number,
  log: EventLog,
  follows: boolean,
): string {
  const line = new Line(theme, columns);
  const { rule } = theme.glyphs;
  line.add(rule.repeat(2), 'dim').add(' events ', 'strong');
  const sample = sampleText(log);
  const state = [
    sample === '' ? '' : `fair sample: ${sample}`,
    follows ? '' : 'scrolled back, End follows',
  ].filter((text) => text !== '');
  const text = state.length === 0 ? '' : ` ${state.join('; ')} `;
  line.to(Math.max(line.used, columns - text.length - 2), rule, 'dim');
  line.add(text, 'warning').to(columns, rule, 'dim');
  return line.end();
}
