/** What one can type would otherwise grow for as long as a key is held. */
const MAX_INPUT = 1000;

/** Lines that are remembered of a prompt. */
const MOST_LINES = 50;

/** The lines that were entered at a prompt, the oldest first. */
export class LineHistory {
  private readonly lines: string[] = [];

  /** A line that was there moves to the end. */
  add(line: string): void {
    if (line === '') return;
    const before = this.lines.indexOf(line);
    if (before >= 0) this.lines.splice(before, 1);
    this.lines.push(line);
    if (this.lines.length > MOST_LINES) this.lines.shift();
  }

  /** A walk through them that begins behind the newest. */
  recall(): Recall {
    return new Recall([...this.lines]);
  }
}

/** Up and Down at a prompt. What was typed before is kept at the end of the walk. */
export class Recall {
  private at: number;
  private draft = '';

  constructor(private readonly lines: readonly string[]) {
    this.at = lines.length;
  }

  /** The line before (-1) or behind (1); null where there is none. */
  step(by: -1 | 1, typed: string): string | null {
    const to = this.at + by;
    if (to < 0 || to > this.lines.length) return null;
    if (this.at === this.lines.length) this.draft = typed;
    this.at = to;
    return this.lines[to] ?? this.draft;
  }
}

/** A line being typed, with the keys that readline has put into fingers. */
export class LineEditor {
  private cursor: number;

  constructor(public text = '') {
    this.cursor = text.length;
  }

  get position(): number {
    return this.cursor;
  }

  /** The character at the cursor, '' behind the last one. */
  get under(): string {
    return this.text.slice(this.cursor, this.behind);
  }

  /** True when the key meant something here. */
  handle(key: string): boolean {
    switch (key) {
      case 'left':
      case 'C-b':
        this.cursor = this.before;
        return true;
      case 'right':
      case 'C-f':
        this.cursor = this.behind;
        return true;
      case 'home':
      case 'C-a':
        this.cursor = 0;
        return true;
      case 'end':
      case 'C-e':
        this.cursor = this.text.length;
        return true;
      case 'backspace':
        this.remove(this.before, this.cursor);
        return true;
      case 'delete':
        this.remove(this.cursor, this.behind);
        return true;
      case 'C-u':
        this.remove(0, this.cursor);
        return true;
      case 'C-k':
        this.remove(this.cursor, this.text.length);
        return true;
      case 'C-w':
        this.remove(this.text.slice(0, this.cursor).search(/\S*\s*$/), this.cursor);
        return true;
      case 'space':
        this.insert(' ');
        return true;
      default:
        if (key.length !== lengthAt(key, 0)) return false;
        this.insert(key);
        return true;
    }
  }

  /** Where the character before the cursor begins, and where the one at it ends. */
  private get before(): number {
    const pair = lengthAt(this.text, this.cursor - 2) === 2 ? 2 : 1;
    return Math.max(0, this.cursor - pair);
  }

  private get behind(): number {
    return Math.min(this.text.length, this.cursor + lengthAt(this.text, this.cursor));
  }

  /** As much of a text as there is room for. */
  insert(text: string): void {
    const fits = text.slice(0, Math.max(0, MAX_INPUT - this.text.length));
    this.text = this.text.slice(0, this.cursor) + fits + this.text.slice(this.cursor);
    this.cursor += fits.length;
  }

  private remove(from: number, to: number): void {
    const start = Math.max(0, from);
    this.text = this.text.slice(0, start) + this.text.slice(to);
    this.cursor = start;
  }

  /** Another text in its place, with the cursor behind it. */
  replace(text: string): void {
    this.text = text.slice(0, MAX_INPUT);
    this.cursor = this.text.length;
  }

  /** Puts a text in the place of what stands between a position and the cursor. */
  complete(from: number, text: string): void {
    this.remove(from, this.cursor);
    this.insert(text);
  }
}

/** UTF-16 units of the character that begins there; 1 where none does. */
function lengthAt(text: string, at: number): 1 | 2 {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}
