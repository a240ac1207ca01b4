import { inSet, PatternError, PatternParser, type CharSet, type PatternNode } from './regex-parse';

/**
 * Regular expressions in time linear in the text. The names tested come from strangers (a target may
 * call a file `aaaa...`) and a backtracking engine can be made to hang on them, which would hang the
 * capture; so patterns run as a set of parallel states (Thompson's construction), never backwards.
 *
 * Understood: literals, `.`, `[a-z]`, `[^a-z]`, `\d \w \s \D \W \S`, `^`, `$`, `( )`, `(?: )`, `|`,
 * `* + ? {n} {n,} {n,m}`. A match anywhere in the text counts. A pattern without capitals ignores case.
 */
export interface Pattern {
  test(text: string): boolean;
}

/** States of one pattern; counted repetitions multiply, so the sum is what must be bounded. */
const MAX_STATES = 2000;

const Op = { SET: 0, SPLIT: 1, JUMP: 2, BEGIN: 3, END: 4, MATCH: 5 } as const;

/** The states of a pattern: an operation, a character set, and up to two states that follow. */
class Program {
  readonly op: number[] = [];
  readonly set: (CharSet | null)[] = [];
  readonly next: number[] = [];
  readonly other: number[] = [];

  private push(op: number, set: CharSet | null = null): number {
    if (this.op.length >= MAX_STATES) throw new PatternError('the pattern is too large', 0);
    this.op.push(op);
    this.set.push(set);
    this.next.push(this.op.length);
    this.other.push(-1);
    return this.op.length - 1;
  }

  static compile(node: PatternNode): Program {
    const program = new Program();
    program.emit(node);
    program.push(Op.MATCH);
    return program;
  }

  private emit(node: PatternNode): void {
    switch (node.type) {
      case 'set':
        this.push(Op.SET, node.set);
        break;
      case 'begin':
        this.push(Op.BEGIN);
        break;
      case 'end':
        this.push(Op.END);
        break;
      case 'empty':
        break;
      case 'sequence':
        for (const part of node.parts) this.emit(part);
        break;
      case 'choice':
        this.emitChoice(node.parts);
        break;
      case 'repeat':
        this.emitRepeat(node.part, node.min, node.max);
        break;
    }
  }

  private emitChoice(parts: readonly PatternNode[]): void {
    const exits: number[] = [];
    parts.forEach((part, k) => {
      const last = k === parts.length - 1;
      const split = last ? -1 : this.push(Op.SPLIT);
      this.emit(part);
      if (last) return;
      exits.push(this.push(Op.JUMP));
      this.other[split] = this.op.length;
    });
    for (const exit of exits) this.next[exit] = this.op.length;
  }

  private emitRepeat(part: PatternNode, min: number, max: number): void {
    for (let k = 0; k < min; k++) this.emit(part);
    if (max === Infinity) {
      const split = this.push(Op.SPLIT);
      this.emit(part);
      this.next[this.push(Op.JUMP)] = split;
      this.other[split] = this.op.length;
      return;
    }
    const splits: number[] = [];
    for (let k = min; k < max; k++) {
      splits.push(this.push(Op.SPLIT));
      this.emit(part);
    }
    for (const split of splits) this.other[split] = this.op.length;
  }
}

/** The set of states the matcher is in; adding one follows everything that needs no character. */
class StateSet {
  readonly states: Int32Array;
  private readonly marks: Uint32Array;
  private readonly stack: number[] = [];
  private mark = 0;
  count = 0;

  constructor(private readonly program: Program) {
    this.states = new Int32Array(program.op.length);
    this.marks = new Uint32Array(program.op.length);
  }

  clear(): void {
    this.count = 0;
    this.mark++;
  }

  /** True when the pattern has matched. */
  add(state: number, atBegin: boolean, atEnd: boolean): boolean {
    const { op, next, other } = this.program;
    this.stack.push(state);
    while (this.stack.length > 0) {
      const s = this.stack.pop()!;
      if (this.marks[s] === this.mark) continue;
      this.marks[s] = this.mark;
      const code = op[s]!;
      if (code === Op.MATCH) {
        this.stack.length = 0;
        return true;
      }
      if (code === Op.SET) this.states[this.count++] = s;
      if (code === Op.SPLIT) this.stack.push(other[s]!);
      const passes =
        code === Op.SPLIT ||
        code === Op.JUMP ||
        (code === Op.BEGIN && atBegin) ||
        (code === Op.END && atEnd);
      if (passes) this.stack.push(next[s]!);
    }
    return false;
  }
}

/** Compiles a pattern; throws PatternError where it is not understood or too large. */
export function compilePattern(source: string): Pattern {
  const parser = new PatternParser(source);
  const program = Program.compile(parser.parse());
  const fold = !parser.capitals;
  let current = new StateSet(program);
  let following = new StateSet(program);
  return {
    test(raw: string): boolean {
      const text = fold ? raw.toLowerCase() : raw;
      current.clear();
      for (let at = 0; ; at++) {
        if (current.add(0, at === 0, at === text.length)) return true;
        if (at === text.length) return false;
        const code = text.charCodeAt(at);
        following.clear();
        for (let k = 0; k < current.count; k++) {
          const state = current.states[k]!;
          if (!inSet(program.set[state]!, code)) continue;
          if (following.add(program.next[state]!, false, at + 1 === text.length)) return true;
        }
        const done = current;
        current = following;
        following = done;
      }
    },
  };
}
