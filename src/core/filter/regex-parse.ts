/** Reads a pattern (the dialect is told in regex.ts) into a tree. */

/** Raised for a pattern that is not understood; `position` is an offset into the pattern. */
export class PatternError extends Error {
  constructor(
    message: string,
    readonly position: number,
  ) {
    super(message);
  }
}

const MAX_REPEAT = 255;

/** Inclusive ranges of UTF-16 code units: lo, hi, lo, hi ... */
export interface CharSet {
  readonly ranges: readonly number[];
  readonly negated: boolean;
}

export type PatternNode =
  | { readonly type: 'set'; readonly set: CharSet }
  | { readonly type: 'begin' | 'end' | 'empty' }
  | { readonly type: 'sequence' | 'choice'; readonly parts: readonly PatternNode[] }
  | {
      readonly type: 'repeat';
      readonly part: PatternNode;
      readonly min: number;
      readonly max: number;
      readonly at: number;
    };

const DIGITS = [48, 57];
const WORD = [48, 57, 65, 90, 95, 95, 97, 122];
const SPACE = [9, 13, 32, 32, 160, 160];
const ANY: CharSet = { ranges: [], negated: true };

export function inSet(set: CharSet, code: number): boolean {
  for (let k = 0; k < set.ranges.length; k += 2) {
    if (code >= set.ranges[k]! && code <= set.ranges[k + 1]!) return !set.negated;
  }
  return set.negated;
}

export class PatternParser {
  private at = 0;
  capitals = false;
  constructor(private readonly source: string) {}

  parse(): PatternNode {
    const node = this.choice();
    if (this.at < this.source.length) throw new PatternError("unmatched ')'", this.at);
    return node;
  }

  private peek(): string {
    return this.source.charAt(this.at);
  }

  private choice(): PatternNode {
    const parts = [this.sequence()];
    while (this.peek() === '|') {
      this.at++;
      parts.push(this.sequence());
    }
    return parts.length === 1 ? parts[0]! : { type: 'choice', parts };
  }

  private sequence(): PatternNode {
    const parts: PatternNode[] = [];
    while (this.at < this.source.length && this.peek() !== '|' && this.peek() !== ')') {
      parts.push(this.repeated());
    }
    if (parts.length === 1) return parts[0]!;
    return parts.length === 0 ? { type: 'empty' } : { type: 'sequence', parts };
  }

  private repeated(): PatternNode {
    let part = this.atom();
    for (;;) {
      const at = this.at;
      const bounds = this.quantifier();
      if (bounds === null) return part;
      if (part.type === 'repeat' || part.type === 'begin' || part.type === 'end') {
        throw new PatternError('nothing to repeat', at);
      }
      // Lazy or greedy makes no difference to whether there is a match.
      if (this.peek() === '?') this.at++;
      part = { type: 'repeat', part, min: bounds[0], max: bounds[1], at };
    }
  }

  private quantifier(): readonly [number, number] | null {
    const char = this.peek();
    if (char === '*' || char === '+' || char === '?') {
      this.at++;
      return char === '*' ? [0, Infinity] : char === '+' ? [1, Infinity] : [0, 1];
    }
    if (char !== '{') return null;
    const counted = /^\{(\d{1,4})(,(\d{1,4})?)?\}/.exec(this.source.slice(this.at, this.at + 12));
    if (counted === null) throw new PatternError('a count is {n}, {n,} or {n,m}', this.at);
    const min = Number(counted[1]);
    const max = counted[2] === undefined ? min : counted[3] ? Number(counted[3]) : Infinity;
    if (max < min || min > MAX_REPEAT || (max > MAX_REPEAT && max !== Infinity)) {
      throw new PatternError(`counts go up to ${MAX_REPEAT}, the smaller first`, this.at);
    }
    this.at += counted[0].length;
    return [min, max];
  }

  private atom(): PatternNode {
    const at = this.at;
    const char = this.source.charAt(this.at++);
    switch (char) {
      case '^':
        return { type: 'begin' };
      case '$':
        return { type: 'end' };
      case '.':
        return { type: 'set', set: ANY };
      case '(':
        return this.group(at);
      case '[':
        return { type: 'set', set: this.bracket(at) };
      case '*':
      case '+':
      case '?':
        throw new PatternError('nothing to repeat', at);
      case '\\': {
        const set = this.escape(at);
        return { type: 'set', set };
      }
      default:
        return { type: 'set', set: { ranges: this.literal(char), negated: false } };
    }
  }

  private group(at: number): PatternNode {
    if (this.peek() === '?') {
      if (this.source.charAt(this.at + 1) !== ':') {
        throw new PatternError('of the (?...) groups only (?:...) is understood', at);
      }
      this.at += 2;
    }
    const node = this.choice();
    if (this.peek() !== ')') throw new PatternError("missing ')'", at);
    this.at++;
    // An anchor alone in a group would look like one that cannot be repeated; wrapped it can.
    return { type: 'sequence', parts: [node] };
  }

  private literal(char: string): number[] {
    if (char !== char.toLowerCase()) this.capitals = true;
    return [char.charCodeAt(0), char.charCodeAt(0)];
  }

  private escape(at: number): CharSet {
    if (this.at >= this.source.length) throw new PatternError("'\\' at the end", at);
    const char = this.source.charAt(this.at++);
    switch (char) {
      case 'd':
      case 'D':
        return { ranges: DIGITS, negated: char === 'D' };
      case 'w':
      case 'W':
        return { ranges: WORD, negated: char === 'W' };
      case 's':
      case 'S':
        return { ranges: SPACE, negated: char === 'S' };
      default:
        if (/[A-Za-z0-9]/.test(char)) throw new PatternError(`\\${char} is not understood`, at);
        return { ranges: this.literal(char), negated: false };
    }
  }

  private bracket(at: number): CharSet {
    const ranges: number[] = [];
    const negated = this.peek() === '^';
    if (negated) this.at++;
    for (let first = true; first || this.peek() !== ']'; first = false) {
      if (this.at >= this.source.length) throw new PatternError("missing ']'", at);
      const from = this.member();
      const dashed = this.peek() === '-' && !['', ']'].includes(this.source.charAt(this.at + 1));
      if (!dashed) {
        ranges.push(...from);
        continue;
      }
      const dash = this.at++;
      const to = this.member();
      if (from.length !== 2 || to.length !== 2 || to[0]! < from[0]!) {
        throw new PatternError('the range is empty', dash);
      }
      ranges.push(from[0]!, to[0]!);
    }
    this.at++;
    return { ranges, negated };
  }

  private member(): readonly number[] {
    const at = this.at;
    const char = this.source.charAt(this.at++);
    if (char !== '\\') return this.literal(char);
    const set = this.escape(at);
    if (set.negated) throw new PatternError('a negated class cannot stand inside [ ]', at);
    return set.ranges;
  }
}
