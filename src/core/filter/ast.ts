import { CAUSE_NAMES, CLASS_NAMES, KIND_NAMES } from '../classify/classes';
import { rawPatternEnd } from './scan';

/** What a filter expression says. Text form: printFilter and parseFilter. */
export type Filter =
  | { readonly op: 'and' | 'or'; readonly terms: readonly Filter[] }
  | { readonly op: 'not'; readonly term: Filter }
  | TextTerm
  | SetTerm
  | IdTerm
  | RangeTerm
  | LatencyTerm;

export type TextField = 'any' | 'region' | 'file' | 'comm' | 'function' | OwnerField;
/** Whose the process is. */
export const OWNER_FIELDS = ['user', 'cgroup', 'unit'] as const;
export type OwnerField = (typeof OWNER_FIELDS)[number];
/** A substring, or a pattern of core/filter/regex.ts. */
export interface TextTerm {
  readonly op: 'text';
  readonly field: TextField;
  readonly text: string;
  readonly pattern: boolean;
}

const MODE_NAMES = ['user', 'kernel'] as const;
const ACCESS_NAMES = ['read', 'write', 'execute'] as const;
/** The words each enumerated field knows. A set is a bit mask over these, in this order. */
export const SET_FIELDS = {
  class: CLASS_NAMES.map((name) => name.toLowerCase()),
  cause: CAUSE_NAMES,
  kind: KIND_NAMES,
  mode: MODE_NAMES,
  access: ACCESS_NAMES,
} as const satisfies Record<string, readonly string[]>;
export type SetField = keyof typeof SET_FIELDS;
export interface SetTerm {
  readonly op: 'set';
  readonly field: SetField;
  readonly mask: number;
}

export interface IdTerm {
  readonly op: 'id';
  readonly field: 'tid' | 'pid';
  readonly ids: readonly number[];
}

/** Addresses, both ends inclusive. */
export interface RangeTerm {
  readonly op: 'range';
  readonly field: 'addr' | 'ip';
  readonly low: bigint;
  readonly high: bigint;
}

export interface LatencyTerm {
  readonly op: 'latency';
  readonly compare: '<' | '<=' | '>' | '>=';
  readonly ns: number;
}

const ALL_CLASSES = (1 << CLASS_NAMES.length) - 1;

/** A filter as the classes that it lets through (a bit mask) and what else it asks for; null for nothing. */
export function splitClasses(filter: Filter | null): {
  readonly classes: number;
  readonly rest: Filter | null;
} {
  if (filter === null) return { classes: ALL_CLASSES, rest: null };
  if (filter.op === 'set' && filter.field === 'class') return { classes: filter.mask, rest: null };
  if (filter.op === 'not') {
    const { classes, rest } = splitClasses(filter.term);
    if (rest === null) return { classes: ALL_CLASSES & ~classes, rest };
  }
  if (filter.op !== 'and') return { classes: ALL_CLASSES, rest: filter };
  const parts = filter.terms.map(splitClasses);
  const terms = parts.map(({ rest }) => rest).filter((rest) => rest !== null);
  return {
    classes: parts.reduce((mask, part) => mask & part.classes, ALL_CLASSES),
    rest: terms.length === 0 ? null : { op: 'and', terms },
  };
}

/** The text fields that it asks for. */
function textFields(filter: Filter): ReadonlySet<TextField> {
  switch (filter.op) {
    case 'and':
    case 'or':
      return new Set(filter.terms.flatMap((term) => [...textFields(term)]));
    case 'not':
      return textFields(filter.term);
    case 'text':
      return new Set([filter.field]);
    case 'set':
    case 'id':
    case 'range':
    case 'latency':
      return new Set();
  }
}

/** What comes later than the fault: names of code, and whose the process is. */
export function lateFields(filter: Filter): readonly ('function' | OwnerField)[] {
  const asked = textFields(filter);
  return (['function', ...OWNER_FIELDS] as const).filter((field) => asked.has(field));
}

const KEYWORDS = ['and', 'or', 'not'];

/** The expression as text that parses back to the same filter. */
export function printFilter(filter: Filter): string {
  switch (filter.op) {
    case 'and':
    case 'or':
      return filter.terms.map(printOperand).join(` ${filter.op} `);
    case 'not':
      return `not ${printOperand(filter.term)}`;
    case 'text':
      return printText(filter);
    case 'set':
      return `${filter.field}:${setWords(filter).join(',')}`;
    case 'id':
      return `${filter.field}:${filter.ids.join(',')}`;
    case 'range':
      return `${filter.field}:0x${filter.low.toString(16)}-0x${filter.high.toString(16)}`;
    case 'latency':
      return `lat${filter.compare}${printDuration(filter.ns)}`;
  }
}

function printOperand(filter: Filter): string {
  const text = printFilter(filter);
  return filter.op === 'and' || filter.op === 'or' ? `(${text})` : text;
}

function setWords(term: SetTerm): string[] {
  return SET_FIELDS[term.field].filter((_, bit) => term.mask & (1 << bit));
}

function printDuration(ns: number): string {
  if (ns % 1e9 === 0) return `${ns / 1e9}s`;
  if (ns % 1e6 === 0) return `${ns / 1e6}ms`;
  if (ns % 1e3 === 0) return `${ns / 1e3}us`;
  return `${ns}ns`;
}

function printText(term: TextTerm): string {
  const field = term.field === 'any' ? '' : `${term.field}:`;
  if (term.pattern) {
    const raw =
      term.text !== '' &&
      !term.text.startsWith('"') &&
      rawPatternEnd(term.text, 0) === term.text.length;
    return `${field}~${raw ? term.text : quote(term.text)}`;
  }
  const plain = /^[\w.[\]/+-]+$/.test(term.text) && !KEYWORDS.includes(term.text.toLowerCase());
  return field + (plain ? term.text : quote(term.text));
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
