import { FaultFlag, ErrorCode, type Batch } from '../wire/batch';
import { KIND_NAMES } from '../classify/classes';
import {
  SET_FIELDS,
  type Filter,
  type IdTerm,
  type LatencyTerm,
  type RangeTerm,
  type TextField,
} from './ast';
import { isOwnerField } from './owner-terms';
import { functionTest, textTest } from './text-test';
import type { CodeFrame } from '../code/address';
import type { FaultNames } from '../columns/fault-fields';
import type { Resolved } from '../wire/resolved';

/** Whether fault i of the batch passes. Called once per fault: no allocation behind it. */
export type FaultTest = (batch: Batch, resolved: Resolved, i: number) => boolean;

/** What a filter asks of the model's tables. */
export type FilterNames = Pick<
  FaultNames,
  'regionLabel' | 'regionPath' | 'regionKind' | 'commName' | 'code'
>;

/**
 * Makes a filter fit for the hot path: string tests are asked once per region slot, comm id and instruction
 * and remembered, everything else is integer comparisons on the columns. `named`: a word without a field
 * asks for functions too, of faults that have been counted and whose code may have its name by now.
 */
export function compileFaultTest(filter: Filter, names: FilterNames, named: boolean): FaultTest {
  switch (filter.op) {
    case 'and':
      return all(filter.terms.map((term) => compileFaultTest(term, names, named)));
    case 'or':
      return any(filter.terms.map((term) => compileFaultTest(term, names, named)));
    case 'not': {
      const test = compileFaultTest(filter.term, names, named);
      return (batch, resolved, i) => !test(batch, resolved, i);
    }
    case 'text':
      return compileText(filter.field, textTest(filter), names, named);
    case 'set':
      return compileSet(filter.field, filter.mask, names);
    case 'id':
      return compileId(filter);
    case 'range':
      return compileRange(filter);
    case 'latency':
      return compileLatency(filter);
  }
}

function all(tests: readonly FaultTest[]): FaultTest {
  return (batch, resolved, i) => {
    for (const test of tests) if (!test(batch, resolved, i)) return false;
    return true;
  };
}

function any(tests: readonly FaultTest[]): FaultTest {
  return (batch, resolved, i) => {
    for (const test of tests) if (test(batch, resolved, i)) return true;
    return false;
  };
}

/**
 * Remembers what was decided about the name of each slot. The name is compared on every use, because
 * the model may give a slot to another region between batches; the same string object compares at once.
 */
class Verdicts {
  private readonly texts: string[] = [];
  private readonly verdicts: boolean[] = [];
  constructor(
    private readonly textOf: (slot: number) => string,
    private readonly decide: (text: string) => boolean,
  ) {}

  of(slot: number): boolean {
    const text = this.textOf(slot);
    if (this.texts[slot] === text) return this.verdicts[slot]!;
    // Filled in order, or a high first slot would turn the arrays into slow dictionaries.
    while (this.texts.length < slot) {
      this.texts.push('');
      this.verdicts.push(this.decide(''));
    }
    this.texts[slot] = text;
    return (this.verdicts[slot] = this.decide(text));
  }
}

function matchingNames(list: readonly string[], test: (text: string) => boolean): number {
  return list.reduce((mask, name, bit) => (test(name) ? mask | (1 << bit) : mask), 0);
}

function compileText(
  field: TextField,
  test: (text: string) => boolean,
  names: FilterNames,
  named: boolean,
): FaultTest {
  if (field === 'function') return compileFunction(test, names);
  // Asked for by pids (withPids).
  if (isOwnerField(field)) return () => false;
  const comm = new Verdicts((id) => names.commName(id), test);
  if (field === 'comm') return (_batch, resolved, i) => comm.of(resolved.comm[i]!);
  const path = new Verdicts((slot) => names.regionPath(slot), test);
  if (field === 'file') return (_batch, resolved, i) => path.of(resolved.region[i]!);
  const label = new Verdicts((slot) => names.regionLabel(slot), test);
  if (field === 'region') return (_batch, resolved, i) => label.of(resolved.region[i]!);
  const kinds = matchingNames(KIND_NAMES, test);
  const classes = matchingNames(SET_FIELDS.class, test);
  const causes = matchingNames(SET_FIELDS.cause, test);
  const code: FaultTest = named ? compileFunction(test, names) : () => false;
  return (batch, resolved, i) =>
    (classes & (1 << resolved.faultClass[i]!)) !== 0 ||
    (causes & (1 << resolved.cause[i]!)) !== 0 ||
    (kinds & (1 << names.regionKind(resolved.region[i]!))) !== 0 ||
    label.of(resolved.region[i]!) ||
    path.of(resolved.region[i]!) ||
    comm.of(resolved.comm[i]!) ||
    code(batch, resolved, i);
}

/** Code that has no name, or none yet, matches nothing. */
function compileFunction(test: (text: string) => boolean, names: FilterNames): FaultTest {
  const matches = functionTest(test);
  const known: (readonly CodeFrame[] | null)[] = [];
  const verdicts: boolean[] = [];
  return (_batch, resolved, i) => {
    const number = resolved.code[i]!;
    const frames = names.code(number)?.frames ?? null;
    if (frames === null) return false;
    // A number may mean other code after a batch, which has frames of its own.
    if (known[number] === frames) return verdicts[number]!;
    while (known.length < number) {
      known.push(null);
      verdicts.push(false);
    }
    known[number] = frames;
    return (verdicts[number] = matches(frames));
  };
}

function compileSet(field: keyof typeof SET_FIELDS, mask: number, names: FilterNames): FaultTest {
  switch (field) {
    case 'class':
      return (_batch, resolved, i) => (mask & (1 << resolved.faultClass[i]!)) !== 0;
    case 'cause':
      return (_batch, resolved, i) => (mask & (1 << resolved.cause[i]!)) !== 0;
    case 'kind':
      return (_batch, resolved, i) => (mask & (1 << names.regionKind(resolved.region[i]!))) !== 0;
    case 'mode':
      return (batch, _resolved, i) => (mask & (batch.flags[i]! & FaultFlag.KERNEL ? 2 : 1)) !== 0;
    case 'access':
      return (batch, _resolved, i) => (mask & accessBit(batch, i)) !== 0;
  }
}

/** 1 read, 2 write, 4 execute; 0 where there is no error code: an unknown access matches none. */
function accessBit(batch: Batch, i: number): number {
  if (!(batch.flags[i]! & FaultFlag.ERROR_CODE)) return 0;
  const code = batch.errorCode[i]!;
  if (code & ErrorCode.WRITE) return 2;
  return code & ErrorCode.INSTRUCTION ? 4 : 1;
}

function compileId(term: IdTerm): FaultTest {
  const [first] = term.ids;
  if (term.ids.length === 1 && term.field === 'tid')
    return (batch, _r, i) => batch.tid[i] === first;
  if (term.ids.length === 1) return (batch, _r, i) => batch.pid[i] === first;
  const ids = new Set(term.ids);
  if (term.field === 'tid') return (batch, _r, i) => ids.has(batch.tid[i]!);
  return (batch, _r, i) => ids.has(batch.pid[i]!);
}

/** Addresses are compared as two halves: 64 bits are exact neither in a double nor cheap as BigInt. */
function compileRange(term: RangeTerm): FaultTest {
  const lowHi = Number(term.low >> 32n);
  const lowLo = Number(term.low & 0xffffffffn);
  const highHi = Number(term.high >> 32n);
  const highLo = Number(term.high & 0xffffffffn);
  const within = (hi: number, lo: number): boolean =>
    (hi > lowHi || (hi === lowHi && lo >= lowLo)) &&
    (hi < highHi || (hi === highHi && lo <= highLo));
  if (term.field === 'addr') return (batch, _r, i) => within(batch.addrHi[i]!, batch.addrLo[i]!);
  return (batch, _r, i) =>
    (batch.flags[i]! & FaultFlag.ENTRY) !== 0 && within(batch.ipHi[i]!, batch.ipLo[i]!);
}

/** A fault without a measured latency is neither longer nor shorter than anything. */
function compileLatency(term: LatencyTerm): FaultTest {
  const { ns } = term;
  switch (term.compare) {
    case '>':
      return (batch, _r, i) => batch.latency[i]! > ns;
    case '>=':
      return (batch, _r, i) => batch.latency[i]! >= ns && batch.latency[i]! >= 0;
    case '<':
      return (batch, _r, i) => batch.latency[i]! < ns && batch.latency[i]! >= 0;
    case '<=':
      return (batch, _r, i) => batch.latency[i]! <= ns && batch.latency[i]! >= 0;
  }
}
