import { mouseReport, type Mouse } from './mouse';

/** Keys that a terminal sends as `ESC [ number ~` (xterm, rxvt, screen, linux). */
const TILDE: ReadonlyMap<string, string> = new Map(
  Object.entries({
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
  }),
);
/** Keys by the final letter of `ESC [ letter` and, with the keypad's, of `ESC O letter`. */
const LETTER: ReadonlyMap<string, string> = new Map(
  Object.entries({
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
  }),
);
/** The numeric keypad in application mode (DECKPAM; xterm's ctlseqs.txt, table of the VT220 keypad). */
const KEYPAD: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...Object.fromEntries(Array.from('pqrstuvwxy', (letter, digit) => [letter, String(digit)])),
    M: 'enter',
    j: '*',
    k: '+',
    l: ',',
    m: '-',
    n: '.',
    o: '/',
    X: '=',
    I: 'tab',
    ' ': 'space',
  }),
);
const LINUX_F: ReadonlyMap<string, string> = new Map(
  Object.entries({ A: 'f1', B: 'f2', C: 'f3', D: 'f4', E: 'f5' }),
);
const CONTROL: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '\r': 'enter',
    '\n': 'enter',
    '\t': 'tab',
    '\b': 'backspace',
    '\x7f': 'backspace',
    ' ': 'space',
    '\0': 'C-space',
  }),
);

/** A sequence longer than this is no key: it is dropped, so that input never grows. */
const MAX_SEQUENCE = 32;
/** Of a paste so much is kept; what is behind is read and dropped. */
const MAX_PASTE = 4096;
/** The mouse in the form of before mode 1006, `ESC [ M` and three bytes: their meaning ends at column 223. */
const OLD_MOUSE_BYTES = 3;
const PASTE_END = '\x1b[201~';
/** How long a lone escape may still become an arrow key, ms. */
const ESCAPE_MS = 50;
/**
 * How long the rest of a sequence may take that has begun for certain. On a slow link it comes late, and as keys it
 * would do anything: a click would be digits and `M`. ms.
 */
const SEQUENCE_MS = 1000;
/** How long the rest of a paste may take: a lost end must not turn the keyboard off for good. ms. */
const PASTE_MS = 5000;

/** Text that came at once and is no keys: see PASTE_ON in screen.ts. */
interface Paste {
  readonly paste: string;
}
/** The name of a key, a paste, or what the mouse did. */
export type Key = string | Paste | Mouse;
/** What the terminal says of itself when it is asked: `ESC [ parameters final`. */
export type OnReport = (parameters: string, final: string) => void;
/** Device status and cursor position (DSR and CPR, ECMA-48 8.3.35 and 8.3.14). */
const REPORT = /^(?:\d+n|\d+;\d+R)$/;

/**
 * Turns what the terminal sends into names of keys. An escape at the end of a read may be the Escape
 * key or the beginning of an arrow key whose rest is still on its way (ssh splits them): it is held
 * until flush(), which the caller makes when nothing came for `patience` ms. A paste, too, may come in
 * any number of reads.
 */
export class KeyDecoder {
  private held = '';
  /** What came of a paste that has not ended, null outside of one. */
  private pasted: string | null = null;

  constructor(private readonly onReport: OnReport = () => undefined) {}

  /** Something is held: call flush() unless more comes within `patience`. */
  get waiting(): boolean {
    return this.held !== '' || this.pasted !== null;
  }

  /** ms. */
  get patience(): number {
    if (this.pasted !== null) return PASTE_MS;
    return this.held.length > 1 ? SEQUENCE_MS : ESCAPE_MS;
  }

  feed(text: string): Key[] {
    const keys: Key[] = [];
    const input = this.held + text;
    this.held = '';
    let at = 0;
    while (at < input.length) {
      const end = this.next(input, at, keys);
      if (end < 0) {
        this.held = input.slice(at);
        break;
      }
      at = end;
    }
    return keys;
  }

  /** What is held will not be continued: an escape is the Escape key, half a sequence is nothing. */
  flush(): Key[] {
    const { held, pasted } = this;
    this.held = '';
    this.pasted = null;
    if (pasted !== null) return [{ paste: pasted }];
    return held === '\x1b' ? ['escape'] : [];
  }

  /** Reads what is at `at`; returns where it ends, -1 where it is not complete. */
  private next(input: string, at: number, keys: Key[]): number {
    if (this.pasted !== null) return this.paste(input, at, keys);
    if (input.charAt(at) === '\x1b') return this.sequence(input, at, keys);
    const char = String.fromCodePoint(input.codePointAt(at)!);
    this.plain(char, keys);
    return at + char.length;
  }

  private paste(input: string, at: number, keys: Key[]): number {
    const end = input.indexOf(PASTE_END, at);
    const upTo = end < 0 ? endBegins(input, at) : end;
    this.pasted = (this.pasted! + input.slice(at, upTo)).slice(0, MAX_PASTE);
    if (end < 0) return upTo > at ? upTo : -1;
    keys.push({ paste: this.pasted });
    this.pasted = null;
    return end + PASTE_END.length;
  }

  private plain(char: string, keys: Key[]): void {
    const code = char.charCodeAt(0);
    const named = CONTROL.get(char);
    if (named !== undefined) keys.push(named);
    else if (code < 0x1b) keys.push(`C-${String.fromCharCode(code + 0x60)}`);
    else if (code > 0x1f && (code < 0x80 || code > 0x9f)) keys.push(char);
  }

  /** Reads the sequence at `at`; returns where it ends, -1 where it is not complete. */
  private sequence(input: string, at: number, keys: Key[]): number {
    const second = input.charAt(at + 1);
    if (second === '') return -1;
    if (second === 'O') {
      // Some terminals put the modifiers in between: `ESC O 2 P`.
      const end = parametersEnd(input, at + 2);
      if (end === input.length) return end - at > MAX_SEQUENCE ? end : -1;
      const key = LETTER.get(input.charAt(end)) ?? KEYPAD.get(input.charAt(end));
      if (key !== undefined) keys.push(key);
      return end + 1;
    }
    if (second !== '[') {
      // Escape, then another key: two keys that came in one read.
      keys.push('escape');
      return at + 1;
    }
    if (input.charAt(at + 2) === '[') {
      const letter = input.charAt(at + 3);
      if (letter === '') return -1;
      const key = LINUX_F.get(letter);
      if (key !== undefined) keys.push(key);
      return at + 4;
    }
    const end = parametersEnd(input, at + 2);
    if (end === input.length) return end - at > MAX_SEQUENCE ? end : -1;
    const parameters = input.slice(at + 2, end);
    const final = input.charAt(end);
    if (parameters === '' && final === 'M') {
      // They are left out, for as keys they would do anything.
      const behind = end + 1 + OLD_MOUSE_BYTES;
      return behind > input.length ? -1 : behind;
    }
    if (parameters.startsWith('<')) {
      const mouse = mouseReport(parameters, final);
      if (mouse !== null) keys.push(mouse);
      return end + 1;
    }
    if (parameters === '200' && final === '~') this.pasted = '';
    // F3 with a modifier is `ESC [ 1 ; 2 R` too: nobody asks for the cursor while it is in the first line.
    if (REPORT.test(parameters + final) && !parameters.startsWith('1;')) {
      this.onReport(parameters, final);
      return end + 1;
    }
    const key = controlKey(parameters, final);
    if (key !== null) keys.push(key);
    return end + 1;
  }
}

/** Where the end of a paste may begin whose rest comes with the next read; the end of the input else. */
function endBegins(input: string, at: number): number {
  for (let k = Math.min(PASTE_END.length - 1, input.length - at); k > 0; k--) {
    if (PASTE_END.startsWith(input.slice(input.length - k))) return input.length - k;
  }
  return input.length;
}

/** Where the parameters of a control sequence end that begin at `at` (ECMA-48, 5.4). */
function parametersEnd(input: string, at: number): number {
  let end = at;
  while (end < input.length && /[0-9:;<=>?]/.test(input.charAt(end))) end++;
  return end;
}

function controlKey(parameters: string, final: string): string | null {
  if (final === 'Z') return 'S-tab';
  if (final === '~') return TILDE.get(parameters.split(';')[0]!) ?? null;
  return LETTER.get(final) ?? null;
}
