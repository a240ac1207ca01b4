import { bareName } from '../code/address';
import type { CodeAddress, CodeFrame } from '../code/address';
import { sourceLine } from '../text/format';
import { coded, FAULT_FIELDS, LIST_SEPARATOR, SYMBOL_SCHEMA_VERSION, text } from './fault-fields';
import type { FaultNames, Field } from './fault-fields';

/** The function that the symbol table names: the outermost frame. */
function functionOf(address: CodeAddress | null): CodeFrame | undefined {
  return address?.frames?.at(-1);
}

/** Where the source line is: the innermost frame. */
function lineOf(address: CodeAddress | null): CodeFrame | undefined {
  return address?.frames?.[0];
}

function offsetOf(frame: CodeFrame | undefined): number {
  return frame === undefined || frame.function === '' ? -1 : frame.offset;
}

function objectOf(names: FaultNames, number: number): string {
  const address = names.code(number);
  if (address === null) return '';
  return address.place.path === '' ? address.object : address.place.path;
}

/** The fields of a fault that --symbols adds behind all others (docs/formats.md). */
export const SYMBOL_FIELDS: readonly Field[] = [
  text(
    'function',
    'Function',
    'code',
    'function that faulted, as the symbol table names it',
    (n, c) => functionOf(n.code(c))?.function ?? '',
  ),
  coded(
    'function_offset',
    'Function offset',
    'bytes',
    'code',
    'from the start of the function',
    (n, c) => offsetOf(functionOf(n.code(c))),
  ),
  text(
    'source_file',
    'Source',
    'code',
    'source file, of inlined code that of the inlined',
    (n, c) => lineOf(n.code(c))?.file ?? '',
  ),
  coded('source_line', 'Line', '', 'code', 'line in it', (n, c) => {
    const line = lineOf(n.code(c))?.line ?? 0;
    return line > 0 ? line : -1;
  }),
  text(
    'object',
    'Object',
    'code',
    'mapped file of the instruction, or [vdso], [kernel] ...',
    objectOf,
  ),
  text(
    'data_symbol',
    'Data',
    'data',
    'variable at the address',
    (n, c) => functionOf(n.data(c))?.function ?? '',
  ),
  coded('data_offset', 'Data offset', 'bytes', 'data', 'from its start', (n, c) =>
    offsetOf(functionOf(n.data(c))),
  ),
];

/** What --stacks adds behind those. */
export const STACK_FIELD: Field = {
  ...text('stack', 'Stack', 'stack', 'functions of the call stack, root first', (n, number) =>
    n.stack(number).join(LIST_SEPARATOR),
  ),
  list: true,
};

/** What sampling adds behind those. */
const WEIGHT_FIELD: Field = {
  id: 'weight',
  title: 'Weight',
  unit: '',
  doc: 'faults that this one stands for',
  kind: 'uint',
  value: ({ batch }, i) => batch.weight[i]!,
  column: ({ batch }) => batch.weight,
  repeats: true,
};

/** The fields of a fault with what was asked for behind all others. */
export function faultFields(symbols: boolean, stacks: boolean, sampled = false): readonly Field[] {
  if (!symbols && !stacks && !sampled) return FAULT_FIELDS;
  return [
    ...FAULT_FIELDS.map((field): Field =>
      field.id === 'v' && field.kind === 'uint'
        ? { ...field, value: () => SYMBOL_SCHEMA_VERSION }
        : field,
    ),
    ...(symbols ? SYMBOL_FIELDS : []),
    ...(stacks ? [STACK_FIELD] : []),
    ...(sampled ? [WEIGHT_FIELD] : []),
  ];
}

/** ` <- function+0x1a (file.c:12)`: what the plain stream says of an instruction; '' where it is not known. */
export function codeText(address: CodeAddress | null): string {
  return address === null ? '' : ` <- ${instructionText(address)}`;
}

/** `function+0x1a (file.c:12)`, or what is known of it. */
export function instructionText(address: CodeAddress): string {
  const frame = functionOf(address);
  const name =
    frame === undefined || frame.function === ''
      ? bareName(address)
      : `${frame.function}+0x${frame.offset.toString(16)}`;
  const { file, line } = lineOf(address) ?? { file: '', line: 0 };
  const source = sourceLine(file, line);
  return source === '' ? name : `${name} (${source})`;
}
