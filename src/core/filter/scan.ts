/** Raised for an expression that cannot be read; `position` is an offset into it. */
export class FilterSyntaxError extends Error {
  constructor(
    message: string,
    readonly position: number,
  ) {
    super(message);
  }
}

const SPACE = /\s/;

/**
 * Where an unquoted pattern that begins at `from` ends: at white space, or at a closing parenthesis
 * that the pattern did not open (it closes the group the term stands in).
 */
export function rawPatternEnd(text: string, from: number): number {
  let depth = 0;
  let bracket = false;
  let at = from;
  for (; at < text.length; at++) {
    const char = text.charAt(at);
    if (SPACE.test(char)) break;
    if (char === '\\') {
      // An escaped space would end up outside the pattern when it is printed and read again.
      if (at + 1 < text.length && !SPACE.test(text.charAt(at + 1))) at++;
    } else if (bracket) bracket = char !== ']';
    else if (char === '[') bracket = true;
    else if (char === '(') depth++;
    else if (char === ')' && depth-- === 0) break;
  }
  return at;
}

/** Reads the lexical pieces of a filter expression, left to right. */
export class FilterScanner {
  at = 0;
  constructor(readonly text: string) {}

  /** Skips white space and tells whether something follows. */
  more(): boolean {
    while (this.at < this.text.length && SPACE.test(this.text.charAt(this.at))) this.at++;
    return this.at < this.text.length;
  }

  peek(): string {
    return this.text.charAt(this.at);
  }

  /** Takes `literal` if it comes next. */
  take(literal: string): boolean {
    if (!this.text.startsWith(literal, this.at)) return false;
    this.at += literal.length;
    return true;
  }

  /** Takes a keyword in any case if it comes next as a whole word. */
  keyword(word: string): boolean {
    if (!this.more()) return false;
    const end = this.at + word.length;
    if (this.text.slice(this.at, end).toLowerCase() !== word) return false;
    const after = this.text.charAt(end);
    if (after !== '' && !SPACE.test(after) && after !== '(' && after !== ')') return false;
    this.at = end;
    return true;
  }

  /** Takes what the expression matches here, '' when it does not. `pattern` must be sticky. */
  match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? '';
    this.at += found.length;
    return found;
  }

  /** A bare word (up to white space or a parenthesis) or a quoted one. */
  value(): string {
    if (this.peek() === '"') return this.quoted();
    return this.match(/[^\s()"]*/y);
  }

  /** The text of a pattern, after its `~`. */
  pattern(): string {
    if (this.peek() === '"') return this.quoted();
    const end = rawPatternEnd(this.text, this.at);
    const found = this.text.slice(this.at, end);
    this.at = end;
    return found;
  }

  private quoted(): string {
    const start = this.at++;
    let value = '';
    for (; this.at < this.text.length; this.at++) {
      const char = this.peek();
      if (char === '"') {
        this.at++;
        return value;
      }
      if (char === '\\' && this.at + 1 < this.text.length) this.at++;
      value += this.peek();
    }
    throw new FilterSyntaxError('the quote is not closed', start);
  }
}
