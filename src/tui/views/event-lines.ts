import { TITLES } from '../../core/columns/titles';
import { CAUSE_NAMES, CLASS_NAMES } from '../../core/classify/classes';
import { FAULT_FIELDS, fieldValue } from '../../core/columns/fault-fields';
import { codeText, instructionText } from '../../core/columns/symbol-fields';
import type { ExportTable } from '../../core/columns/table-export';
import { grouped, hexText, latency } from '../../core/text/format';
import { Line } from '../layout/line';
import { LOG_CAPACITY, type EventLog, type EventsOf } from '../state/event-log';
import type { Scene } from '../state/scene';
import { CLASS_STYLE, type Style, type Theme } from '../terminal/theme';
import { labelled } from './detail-lines';

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
export function eventTable(scene: Scene, of?: EventsOf): ExportTable {
  const { log } = scene.picture;
  return {
    name: 'events',
    columns: [...FAULT_FIELDS.map((field) => field.id), 'sampled_share'],
    rows: scene.newestEvents(LOG_CAPACITY, of).map((sequence) => {
      const at = log.at(sequence);
      const share = log.shareOf(log.resolved.faultClass[at]!);
      return [...FAULT_FIELDS.map((field) => fieldValue(field, log, at)), share];
    }),
  };
}

/** How events are told. */
export interface EventForm {
  /** The time of the day at the session's start, ms since 1970: times are of the day. null: since the start. */
  readonly startedAt: number | null;
  /** Sequence number of the one that is selected, -1 for none. */
  readonly selected: number;
}
const PLAIN: EventForm = { startedAt: null, selected: -1 };

/** The log's lines, newest at the bottom. `sequences` come from EventLog.newest or from(). */
export function eventLines(
  theme: Theme,
  columns: number,
  log: EventLog,
  sequences: readonly number[],
  form = PLAIN,
): string[] {
  return sequences.map((sequence) => {
    const selected = sequence === form.selected;
    const line = new Line(theme, columns).add(' ', selected ? 'selected' : 'plain');
    const at = log.at(sequence);
    const style = (wanted: Style): Style => (selected ? 'selected' : wanted);
    cellsOf(columns, form).forEach(({ column, width }, k) => {
      const { text, look } = column.of(log, at, { columns, startedAt: form.startedAt });
      line.add(k === 0 ? '' : ' ', style('plain'));
      if (column.align === 'right') line.figure(text, width, style(look));
      else line.cell(text, width, column.align, style(look));
    });
    if (selected) line.to(columns, ' ', 'selected');
    return line.end();
  });
}

/** What stands above them. */
export function eventHeading(theme: Theme, columns: number, form: EventForm): string {
  const line = new Line(theme, columns).add(' ');
  cellsOf(columns, form).forEach(({ column, width }, k) => {
    line.add(k === 0 ? '' : ' ').cell(column.title, width, column.align, 'strong');
  });
  return line.end();
}

interface Telling {
  readonly columns: number;
  readonly startedAt: number | null;
}

interface EventColumn {
  readonly title: string;
  readonly width: number;
  readonly align: 'left' | 'right';
  /** From so many cells of the screen on. */
  readonly from: number;
  readonly of: (
    log: EventLog,
    at: number,
    how: Telling,
  ) => { readonly text: string; readonly look: Style };
}

/** From here on there is room for names beside numbers. */
const WIDE = 110;
const REGION_MOST = 60;
const REGION_LEAST = 8;
const ACCESS = FAULT_FIELDS.find(({ id }) => id === 'access')!;
const plain = (text: string): { text: string; look: Style } => ({ text, look: 'plain' });

const TIME: EventColumn = {
  title: TITLES.columns.time.title,
  width: 10,
  align: 'right',
  from: 0,
  of: ({ batch }, at, { startedAt }) => {
    const ns = batch.time[at]!;
    const text = startedAt === null ? (ns / 1e9).toFixed(3) : timeOfDay(startedAt + ns / 1e6);
    return { text, look: 'dim' };
  },
};
const REGION: EventColumn = {
  title: TITLES.columns.region.title,
  width: REGION_LEAST,
  align: 'left',
  from: 0,
  of: ({ names, resolved }, at, { columns }) => {
    const offset = resolved.fileOffset[at]!;
    const label = names.regionLabel(at);
    return plain(offset >= 0 && columns >= WIDE ? `${label} +0x${offset.toString(16)}` : label);
  },
};
const CODE: EventColumn = {
  title: TITLES.columns.code.title,
  width: 0,
  align: 'left',
  from: 140,
  of: ({ names, resolved }, at) => plain(codeText(names.code(resolved.code[at]!)).trim()),
};

/** Where the screen has no room for the code of every event. */
export function hidesCode(columns: number): boolean {
  return columns < CODE.from;
}

/** The code of one event, '' where it is not known; `sequence` -1 for none. */
export function codeLine(theme: Theme, columns: number, log: EventLog, sequence: number): string {
  if (sequence < 0) return '';
  const code = log.names.code(log.resolved.code[log.at(sequence)]!);
  if (code === null) return '';
  const line = labelled(theme, columns, 'code').add(instructionText(code));
  const name = code.frames?.at(-1)?.function ?? '';
  // What has no name is `object+0xOFFSET`.
  if (name !== '') line.add(`  ${code.object}`, 'dim');
  return line.end();
}

const EVENT_COLUMNS: readonly EventColumn[] = [
  TIME,
  {
    title: TITLES.columns.faultClass.title,
    width: 5,
    align: 'left',
    from: 0,
    of: ({ resolved }, at) => {
      const name = CLASS_NAMES[resolved.faultClass[at]!]!;
      return { text: name, look: CLASS_STYLE[name] };
    },
  },
  {
    title: TITLES.columns.command.title,
    width: 15,
    align: 'left',
    from: WIDE,
    of: ({ names }, at) => plain(names.commName(at)),
  },
  {
    title: TITLES.columns.tid.title,
    width: 7,
    align: 'right',
    from: 0,
    of: ({ batch }, at) => plain(String(batch.tid[at]!)),
  },
  {
    title: TITLES.columns.access.title,
    width: 1,
    align: 'left',
    from: 60,
    of: (log, at) => plain(String(fieldValue(ACCESS, log, at) ?? '')),
  },
  {
    title: TITLES.columns.address.title,
    width: 14,
    align: 'right',
    from: 0,
    of: ({ batch }, at) => plain(hexText(batch.addrHi[at]!, batch.addrLo[at]!)),
  },
  REGION,
  {
    title: TITLES.columns.took.title,
    width: 8,
    align: 'right',
    from: 0,
    of: ({ batch }, at) => plain(batch.latency[at]! < 0 ? '' : latency(batch.latency[at]!)),
  },
  {
    title: TITLES.columns.cause.title,
    width: 12,
    align: 'left',
    from: 76,
    of: ({ resolved }, at) => ({ text: CAUSE_NAMES[resolved.cause[at]!]!, look: 'dim' }),
  },
  CODE,
];
/** `12:34:56.789` */
const DAY_TIME = 12;

/** The columns that there is room for; the region and the code share what is left. */
function cellsOf(
  columns: number,
  { startedAt }: EventForm,
): readonly { readonly column: EventColumn; readonly width: number }[] {
  const shown = EVENT_COLUMNS.filter(({ from }) => columns >= from);
  const widthOf = (column: EventColumn): number =>
    column === TIME && startedAt !== null ? DAY_TIME : column.width;
  const fixed = shown.reduce((sum, column) => sum + widthOf(column) + 1, 0) - REGION.width;
  const room = Math.max(REGION_LEAST, Math.min(REGION_MOST, columns - fixed - CODE.width));
  const rest = Math.max(0, columns - fixed - room);
  return shown.map((column) => ({
    column,
    width: column === REGION ? room : column === CODE ? rest : widthOf(column),
  }));
}

/** Local time with ms: what stands in the log of the program that is watched. */
function timeOfDay(ms: number): string {
  const date = new Date(ms);
  const two = (n: number): string => String(n).padStart(2, '0');
  const fraction = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${fraction}`;
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
  // That one sees a sample is the usual state; that one does not see the newest is not.
  line.add(text, follows ? 'plain' : 'warning').to(columns, rule, 'dim');
  return line.end();
}
