import { FRAME_SEPARATOR } from '../code/stack-names';
import { hexText } from '../text/format';
import { ErrorCode, FaultFlag } from '../wire/batch';
import type { Batch } from '../wire/batch';
import { CAUSE_NAMES, CLASS_COUNT, CLASS_NAMES, KIND_NAMES } from '../classify/classes';
import type { CodeAddress } from '../code/address';
import type { Resolved } from '../wire/resolved';

/**
 * The fields of one fault: the one table behind CSV, NDJSON and the dashboard's event log, so that they
 * cannot differ in name, order or meaning. (The columns of snapshot rows are in columns.ts.)
 *
 * Order and ids are what scripts rely on (docs/formats.md): fields are only ever added at the end, and
 * FIELD_SCHEMA_VERSION rises when one changes its meaning.
 */
const FIELD_SCHEMA_VERSION = 1;
/** The same of the list with the fields of symbol-fields.ts behind it. */
export const SYMBOL_SCHEMA_VERSION = 2;

/** What the slots in the resolved columns mean; the model answers. Strings are raw, '' where absent. */
export interface FaultNames {
  /** Index into KIND_NAMES. */
  regionKind(slot: number): number;
  /** Label with the section: `libc.so.6 .text`. */
  regionLabel(slot: number): string;
  regionSection(slot: number): string;
  regionPath(slot: number): string;
  /** Name of a thread by the id in Resolved.comm. */
  commName(id: number): string;
  /** The instruction of Resolved.code, null where it is not known. */
  code(number: number): CodeAddress | null;
  /** Names of the frames of Resolved.stack, root first; none where there is no stack. Without `;`. */
  stack(number: number): readonly string[];
  /** What lies at the address, of Resolved.data; null where no symbol could. */
  data(number: number): CodeAddress | null;
}

/** A batch together with everything needed to read it. The members are reused from batch to batch. */
export interface FaultView {
  readonly batch: Batch;
  readonly resolved: Resolved;
  readonly names: FaultNames;
}

/** Between the texts of a list, as frames of a stack are; in none of them. */
export const LIST_SEPARATOR = FRAME_SEPARATOR;

interface FieldBase {
  readonly id: string;
  readonly title: string;
  /** '' for numbers without unit and for text. */
  readonly unit: string;
  readonly doc: string;
}

/** A non-negative integer (a fraction is dropped); negative means absent. */
interface UintField extends FieldBase {
  readonly kind: 'uint';
  readonly value: (view: FaultView, i: number) => number;
  /**
   * The column that holds the values as they are, null where they have to be computed. Streams read it
   * instead of calling value(): a call per field and fault is what their time would go to.
   */
  readonly column: ((view: FaultView) => Float64Array | Uint32Array) | null;
  /** An integer of 32 bits, mostly the same from one fault to the next: streams keep what they wrote. */
  readonly repeats: boolean;
}

/** A 64-bit address in two halves; present where `how & mask` is `expected`. */
export interface HexField extends FieldBase {
  readonly kind: 'hex';
  readonly mask: number;
  readonly expected: number;
  readonly high: (view: FaultView) => Uint32Array;
  readonly low: (view: FaultView) => Uint32Array;
}

/**
 * Text by a small code: writers keep the encoded bytes per code, so that no string is made per fault.
 * '' means absent. Fields of one source share their code.
 */
interface TextField extends FieldBase {
  readonly kind: 'text' | 'enum';
  readonly source: TextSource;
  readonly text: (names: FaultNames, code: number) => string;
  /** Several texts, with LIST_SEPARATOR between them. */
  readonly list?: boolean;
}

/** A non-negative integer by a small code; negative means absent. */
interface CodedField extends FieldBase {
  readonly kind: 'coded';
  readonly source: TextSource;
  readonly value: (names: FaultNames, code: number) => number;
}

export type Field = UintField | HexField | TextField | CodedField;

export type TextSource = 'comm' | 'outcome' | 'access' | 'region' | 'code' | 'data' | 'stack';

const ACCESS_NAMES = ['', 'r', 'w', 'x'] as const;
const MODE_NAMES = ['user', 'kernel'] as const;

/** Where the code of a text field comes from. All of them repeat, as UintField.repeats says. */
export const TEXT_CODES: Readonly<Record<TextSource, (view: FaultView, i: number) => number>> = {
  comm: (v, i) => v.resolved.comm[i]!,
  outcome: (v, i) => v.resolved.cause[i]! * CLASS_COUNT + v.resolved.faultClass[i]!,
  access: (v, i) => accessCode(v.batch, i) * 2 + ((v.batch.flags[i]! & FaultFlag.KERNEL) >> 2),
  region: (v, i) => v.resolved.region[i]!,
  code: (v, i) => v.resolved.code[i]!,
  data: (v, i) => v.resolved.data[i]!,
  stack: (v, i) => v.resolved.stack[i]!,
};

/** The columns of those codes that are one. */
export const TEXT_COLUMNS: Readonly<Partial<Record<TextSource, (view: FaultView) => Uint32Array>>> =
  {
    comm: (v) => v.resolved.comm,
    region: (v) => v.resolved.region,
    code: (v) => v.resolved.code,
    data: (v) => v.resolved.data,
    stack: (v) => v.resolved.stack,
  };

/** 0 not known (no error code), 1 read, 2 write, 3 instruction fetch. */
function accessCode(batch: Batch, i: number): number {
  if ((batch.flags[i]! & FaultFlag.ERROR_CODE) === 0) return 0;
  const code = batch.errorCode[i]!;
  if ((code & ErrorCode.INSTRUCTION) !== 0) return 3;
  return (code & ErrorCode.WRITE) !== 0 ? 2 : 1;
}

/** A region's label without its section, which has a field of its own. */
export function labelWithoutSection(label: string, section: string): string {
  const tail = ` ${section}`;
  return section !== '' && label.endsWith(tail) ? label.slice(0, -tail.length) : label;
}

const computed = (
  id: string,
  title: string,
  unit: string,
  doc: string,
  value: UintField['value'],
): UintField => ({ kind: 'uint', id, title, unit, doc, value, column: null, repeats: true });

const uint = (
  id: string,
  title: string,
  unit: string,
  doc: string,
  column: (view: FaultView) => Float64Array | Uint32Array,
  repeats = false,
): UintField => ({
  ...computed(id, title, unit, doc, (v, i) => Math.floor(column(v)[i]!)),
  column,
  repeats,
});

export const text = (
  id: string,
  title: string,
  source: TextSource,
  doc: string,
  read: TextField['text'],
): TextField => ({ kind: 'text', id, title, unit: '', source, doc, text: read });

export const coded = (
  id: string,
  title: string,
  unit: string,
  source: TextSource,
  doc: string,
  value: CodedField['value'],
): CodedField => ({ kind: 'coded', id, title, unit, source, doc, value });

const choice = (
  id: string,
  title: string,
  source: TextSource,
  doc: string,
  name: (code: number) => string | undefined,
): TextField => ({
  kind: 'enum',
  id,
  title,
  unit: '',
  source,
  doc,
  text: (_, code) => name(code) ?? '',
});

export const FAULT_FIELDS: readonly Field[] = [
  uint(
    'time_ns',
    'Time',
    'ns',
    'completion of the fault, since the start of capture; it was entered latency_ns earlier',
    (v) => v.batch.time,
  ),
  uint('pid', 'PID', '', 'process', (v) => v.batch.pid, true),
  uint('tid', 'TID', '', 'thread', (v) => v.batch.tid, true),
  text('comm', 'Command', 'comm', 'name of the thread at the fault', (n, id) => n.commName(id)),
  choice(
    'class',
    'Class',
    'outcome',
    'MAJOR, MINOR, COW or ERROR',
    (c) => CLASS_NAMES[c % CLASS_COUNT],
  ),
  choice(
    'cause',
    'Cause',
    'outcome',
    'why the fault was taken',
    (c) => CAUSE_NAMES[Math.floor(c / CLASS_COUNT)],
  ),
  {
    kind: 'hex',
    id: 'address',
    title: 'Address',
    unit: '',
    doc: 'address whose access faulted',
    mask: 0,
    expected: 0,
    high: (v) => v.batch.addrHi,
    low: (v) => v.batch.addrLo,
  },
  {
    kind: 'hex',
    id: 'ip',
    title: 'Instruction',
    unit: '',
    doc: 'instruction that faulted; absent without an entry record',
    mask: FaultFlag.ENTRY,
    expected: FaultFlag.ENTRY,
    high: (v) => v.batch.ipHi,
    low: (v) => v.batch.ipLo,
  },
  choice(
    'access',
    'Access',
    'access',
    'r, w or x; absent without an error code',
    (c) => ACCESS_NAMES[c >> 1],
  ),
  choice(
    'mode',
    'Mode',
    'access',
    'user, or kernel (inside a system call)',
    (c) => MODE_NAMES[c & 1],
  ),
  {
    kind: 'enum',
    id: 'region_kind',
    title: 'Kind',
    unit: '',
    source: 'region',
    doc: `one of ${KIND_NAMES.join(', ')}`,
    text: (n, slot) => KIND_NAMES[n.regionKind(slot)] ?? 'unknown',
  },
  text('region', 'Region', 'region', 'label of the mapping, without the section', (n, slot) =>
    labelWithoutSection(n.regionLabel(slot), n.regionSection(slot)),
  ),
  text('section', 'Section', 'region', 'ELF section', (n, slot) => n.regionSection(slot)),
  text('file', 'File', 'region', 'path of the mapped file', (n, slot) => n.regionPath(slot)),
  uint(
    'file_offset',
    'Offset',
    'bytes',
    'offset into the mapped file',
    (v) => v.resolved.fileOffset,
  ),
  uint(
    'latency_ns',
    'Latency',
    'ns',
    'from entry to completion; absent when not measured',
    (v) => v.batch.latency,
  ),
  computed('error_code', 'Error code', '', "the processor's page-fault error code", (v, i) =>
    (v.batch.flags[i]! & FaultFlag.ERROR_CODE) !== 0 ? v.batch.errorCode[i]! : -1,
  ),
  computed('v', 'Schema', '', 'version of this list of fields', () => FIELD_SCHEMA_VERSION),
];

/** One field as NDJSON has it, null where absent: for single faults (the event log), not for streams. */
export function fieldValue(field: Field, view: FaultView, i: number): string | number | null {
  if (field.kind !== 'uint' && field.kind !== 'coded') return fieldText(field, view, i) || null;
  const value = numberOf(field, view, i);
  return value >= 0 ? value : null;
}

/** A field that goes by a code as raw text, '' where absent. */
export function codedText(
  field: TextField | CodedField,
  { names }: FaultView,
  code: number,
): string {
  if (field.kind !== 'coded') return field.text(names, code);
  const value = field.value(names, code);
  return value >= 0 ? String(value) : '';
}

function numberOf(field: UintField | CodedField, view: FaultView, i: number): number {
  if (field.kind === 'uint') return field.value(view, i);
  return field.value(view.names, TEXT_CODES[field.source](view, i));
}

/** One field as raw text, '' where absent: for single faults, not for streams. */
export function fieldText(field: Field, view: FaultView, i: number): string {
  switch (field.kind) {
    case 'uint': {
      const value = field.value(view, i);
      return value >= 0 ? String(value) : '';
    }
    case 'hex':
      return (view.batch.flags[i]! & field.mask) === field.expected
        ? hexText(field.high(view)[i]!, field.low(view)[i]!)
        : '';
    case 'text':
    case 'enum':
    case 'coded':
      return codedText(field, view, TEXT_CODES[field.source](view, i));
  }
}
