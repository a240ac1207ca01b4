import { OWNER_FIELDS, SET_FIELDS, type Filter, type SetField, type TextField } from './ast';
import { FilterScanner, FilterSyntaxError } from './scan';
import { compilePattern } from './regex';
import { PatternError } from './regex-parse';

/** Bounds on what one expression may hold: it is typed by hand, but also comes from scripts. */
const MAX_LENGTH = 1000;
const MAX_DEPTH = 40;
const MAX_PATTERN = 200;

export interface FilterError {
  readonly message: string;
  /** Offset into the expression where it stops making sense. */
  readonly position: number;
}
export type ParsedFilter =
  /** `filter` is null for an empty expression: everything passes. */
  | { readonly filter: Filter | null; readonly error: null }
  | { readonly filter: null; readonly error: FilterError };

/**
 * Reads a filter expression. Terms side by side mean `and`; `or` binds weaker than `and`, `not` (or
 * `!`) strongest. Never throws.
 */
export function parseFilter(text: string): ParsedFilter {
  try {
    if (text.length > MAX_LENGTH) {
      throw new FilterSyntaxError(`longer than ${MAX_LENGTH} characters`, MAX_LENGTH);
    }
    return { filter: new Parser(text).parse(), error: null };
  } catch (error) {
    if (!(error instanceof FilterSyntaxError)) throw error;
    return { filter: null, error: { message: error.message, position: error.position } };
  }
}

/** One line with a mark under the place, for stderr and for the prompt. */
export function describeFilterError(error: FilterError): string {
  return `${error.message} (at character ${error.position + 1})`;
}

const SET_FIELD_NAMES = Object.keys(SET_FIELDS) as SetField[];
const TEXT_FIELDS: readonly TextField[] = [
  ...(['region', 'file', 'comm', 'function'] as const),
  ...OWNER_FIELDS,
];
/** Words that stand before a colon, or before the comparison of a latency. */
export const FIELD_NAMES = [
  ...SET_FIELD_NAMES,
  ...TEXT_FIELDS,
  'tid',
  'pid',
  'addr',
  'ip',
  'lat',
] as const;
const FIELD_LIST = FIELD_NAMES.join(' ');
/** A field and what it is to be; `class=cow` as one would write an option. */
const FIELD = /[a-z]+[:=]/iy;
const UNITS: ReadonlyMap<string, number> = new Map(
  Object.entries<number>({ ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9 }),
);

class Parser {
  private readonly scan: FilterScanner;
  constructor(text: string) {
    this.scan = new FilterScanner(text);
  }

  parse(): Filter | null {
    if (!this.scan.more()) return null;
    const filter = this.or(0);
    if (this.scan.more()) this.fail("unmatched ')'");
    return filter;
  }

  private fail(message: string, position = this.scan.at): never {
    throw new FilterSyntaxError(message, position);
  }

  private or(depth: number): Filter {
    const terms = [this.and(depth)];
    while (this.scan.keyword('or')) terms.push(this.and(depth));
    return terms.length === 1 ? terms[0]! : { op: 'or', terms };
  }

  private and(depth: number): Filter {
    const terms = [this.not(depth)];
    for (;;) {
      if (!this.scan.keyword('and')) {
        if (!this.scan.more() || this.scan.peek() === ')') break;
        const here = this.scan.at;
        const or = this.scan.keyword('or');
        this.scan.at = here;
        if (or) break;
      }
      terms.push(this.not(depth));
    }
    return terms.length === 1 ? terms[0]! : { op: 'and', terms };
  }

  private not(depth: number): Filter {
    if (depth > MAX_DEPTH) this.fail('nested too deep');
    if (!this.scan.more()) this.fail('a term is missing');
    if (this.scan.keyword('not') || this.scan.take('!')) {
      return { op: 'not', term: this.not(depth + 1) };
    }
    const open = this.scan.at;
    if (this.scan.take('(')) {
      const inner = this.or(depth + 1);
      this.scan.more();
      if (!this.scan.take(')')) this.fail("missing ')'", open);
      return inner;
    }
    return this.term();
  }

  private term(): Filter {
    const start = this.scan.at;
    if (this.scan.take('~')) return this.patternTerm('any');
    const latency = this.scan.match(/lat(?:ency)?(?=[<>])/iy);
    if (latency !== '') return this.latencyTerm();
    const name = this.scan.match(FIELD).slice(0, -1).toLowerCase();
    if (name === '') {
      const text = this.scan.value();
      if (text === '') this.fail('a term is missing');
      const keyword = /^(?:and|or)$/i.test(text) && this.scan.text.charAt(start) !== '"';
      if (keyword) this.fail(`'${text}' stands between two terms`, start);
      if (this.scan.text.charAt(start) === '=') this.fail('no blanks around =', start);
      return { op: 'text', field: 'any', text, pattern: false };
    }
    return this.fieldTerm(name, start);
  }

  private fieldTerm(name: string, start: number): Filter {
    const setField = SET_FIELD_NAMES.find((field) => field === name);
    if (setField !== undefined) return this.setTerm(setField);
    const textField = TEXT_FIELDS.find((field) => field === name);
    if (textField !== undefined) {
      if (this.scan.take('~')) return this.patternTerm(textField);
      const at = this.scan.at;
      const text = this.scan.value();
      if (text === '') this.fail(`${name}: needs a name`, at);
      return { op: 'text', field: textField, text, pattern: false };
    }
    if (name === 'tid' || name === 'pid') return this.idTerm(name);
    if (name === 'addr' || name === 'ip') return this.rangeTerm(name);
    if (name === 'lat' || name === 'latency') this.fail('write lat>1ms or lat<10us', start);
    return this.fail(`no field '${name}' (${FIELD_LIST}); put a name with : or = in quotes`, start);
  }

  private patternTerm(field: TextField): Filter {
    const at = this.scan.at;
    const text = this.scan.pattern();
    if (text === '') this.fail('~ needs a pattern', at);
    if (text.length > MAX_PATTERN) this.fail(`a pattern has at most ${MAX_PATTERN} characters`, at);
    try {
      compilePattern(text);
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      this.fail(error.message, at + error.position);
    }
    return { op: 'text', field, text, pattern: true };
  }

  /** Every name that begins so: `class:m` is already true while `class:major` is being typed. */
  private setTerm(field: SetField): Filter {
    const names: readonly string[] = SET_FIELDS[field];
    let at = this.scan.at;
    let mask = 0;
    for (const word of this.scan.value().split(',')) {
      let found = 0;
      names.forEach((name, bit) => {
        if (word !== '' && name.startsWith(word.toLowerCase())) found |= 1 << bit;
      });
      if (field === 'access' && word.toLowerCase() === 'x') found = 1 << names.indexOf('execute');
      const exact = names.indexOf(word.toLowerCase());
      if (exact >= 0) found = 1 << exact;
      if (found === 0) this.fail(`${field}: is one of ${names.join(' ')}`, at);
      mask |= found;
      at += word.length + 1;
    }
    return { op: 'set', field, mask };
  }

  private idTerm(field: 'tid' | 'pid'): Filter {
    let at = this.scan.at;
    const ids: number[] = [];
    for (const word of this.scan.value().split(',')) {
      if (!/^\d{1,10}$/.test(word)) this.fail(`${field}: needs a number`, at);
      ids.push(Number(word));
      at += word.length + 1;
    }
    return { op: 'id', field, ids };
  }

  private rangeTerm(field: 'addr' | 'ip'): Filter {
    const at = this.scan.at;
    const found = /^0x([0-9a-f]{1,16})(?:-0x([0-9a-f]{1,16}))?$/i.exec(this.scan.value());
    if (found === null) this.fail(`${field}: needs 0xLOW-0xHIGH or 0xADDRESS`, at);
    const low = BigInt(`0x${found[1]!}`);
    if (found[2] !== undefined) {
      const high = BigInt(`0x${found[2]}`);
      if (high < low) this.fail('the range is empty: the smaller address comes first', at);
      return { op: 'range', field, low, high };
    }
    // One address means its page, because that is what faults; an instruction is itself.
    if (field === 'ip') return { op: 'range', field, low, high: low };
    return { op: 'range', field, low: low & ~0xfffn, high: low | 0xfffn };
  }

  private latencyTerm(): Filter {
    const compare = this.scan.match(/[<>]=?/y) as '<' | '<=' | '>' | '>=';
    const at = this.scan.at;
    const found = /^(\d{1,15}(?:\.\d{1,9})?)(ns|us|\u00b5s|ms|s)$/.exec(this.scan.value());
    if (found === null) this.fail('a latency is a number with ns, us, ms or s', at);
    return { op: 'latency', compare, ns: Math.round(Number(found[1]) * UNITS.get(found[2]!)!) };
  }
}
