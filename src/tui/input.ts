/** Keys that a terminal sends as `ESC [ number ~` (xterm, rxvt, screen, linux). */
const TILDE: Readonly<Record<string, string>> = {
  1: 'home',
  2: 'insert',
  3: 'delete',
  4: 'end',
  5: 'pageup',
  6: 'pagedown',
  7: 'home',
  8: 'end',
  11: 'f1',
  12: 'f2',
  13: 'f3',
  14: 'f4',
  15: 'f5',
  17: 'f6',
  18: 'f7',
  19: 'f8',
  20: 'f9',
  21: 'f10',
  23: 'f11',
  24: 'f12',
};
/** Keys by the final letter of `ESC [ letter` and `ESC O letter`. */
const LETTER: Readonly<Record<string, string>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  F: 'end',
  H: 'home',
  P: 'f1',
  Q: 'f2',
  R: 'f3',
  S: 'f4',
  M: 'enter',
};
const LINUX_F: Readonly<Record<string, string>> = { A: 'f1', B: 'f2', C: 'f3', D: 'f4', E: 'f5' };
const CONTROL: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\b': 'backspace',
  '\x7f': 'backspace',
  ' ': 'space',
  '\0': 'C-space',
};

/** A sequence longer than this is no key: it is dropped, so that input never grows. */
const MAX_SEQUENCE = 32;

/**
 * Turns what the terminal sends into names of keys. An escape at the end of a read may be the Escape
 * key or the beginning of an arrow key whose rest is still on its way (ssh splits them): it is held
 * until flush(), which the caller makes about 50 ms later.
 */
export class KeyDecoder {
  private held = '';

  /** Something is held: call flush() unless more comes soon. */
  get waiting(): boolean {
    return this.held !== '';
  }

  feed(text: string): string[] {
    const keys: string[] = [];
    const input = this.held + text;
    this.held = '';
    let at = 0;
    while (at < input.length) {
      const end = input.charAt(at) === '\x1b' ? this.sequence(input, at, keys) : at + 1;
      if (end < 0) {
        this.held = input.slice(at);
        break;
      }
      if (input.charAt(at) !== '\x1b') this.plain(input.charAt(at), keys);
      at = end;
    }
    return keys;
  }

  /** What is held will not be continued: an escape is the Escape key, half a sequence is nothing. */
  flush(): string[] {
    const lone = this.held === '\x1b';
    this.held = '';
    return lone ? ['escape'] : [];
  }

  private plain(char: string, keys: string[]): void {
    const code = char.charCodeAt(0);
    const named = CONTROL[char];
    if (named !== undefined) keys.push(named);
    else if (code < 0x1b) keys.push(`C-${String.fromCharCode(code + 0x60)}`);
    else if (code > 0x1f && (code < 0x80 || code > 0x9f)) keys.push(char);
  }

  /** Reads the sequence at `at`; returns where it ends, -1 where it is not complete. */
  private sequence(input: string, at: number, keys: string[]): number {
    const second = input.charAt(at + 1);
    if (second === '') return -1;
    if (second === 'O') {
      const letter = input.charAt(at + 2);
      if (letter === '') return -1;
      if (LETTER[letter] !== undefined) keys.push(LETTER[letter]);
      return at + 3;
    }
    if (second !== '[') {
      // Escape, then another key: two keys that came in one read.
      keys.push('escape');
      return at + 1;
    }
    if (input.charAt(at + 2) === '[') {
      const letter = input.charAt(at + 3);
      if (letter === '') return -1;
      if (LINUX_F[letter] !== undefined) keys.push(LINUX_F[letter]);
      return at + 4;
    }
    let end = at + 2;
    while (end < input.length && /[0-9:;<=>?]/.test(input.charAt(end))) end++;
    if (end === input.length) return end - at > MAX_SEQUENCE ? end : -1;
    const key = controlKey(input.slice(at + 2, end), input.charAt(end));
    if (key !== null) keys.push(key);
    return end + 1;
  }
}

function controlKey(parameters: string, final: string): string | null {
  if (final === 'Z') return 'S-tab';
  if (final === '~') return TILDE[parameters.split(';')[0]!] ?? null;
  return LETTER[final] ?? null;
}
