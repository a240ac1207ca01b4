/**
 * Presses and releases of buttons and the wheel (xterm's ctlseqs.txt, private mode 1000), in the form that knows
 * every column and is plain text (mode 1006, SGR). Movements are not asked for: each would be a frame.
 */
export const MOUSE_ON = '\x1b[?1000h\x1b[?1006h';
export const MOUSE_OFF = '\x1b[?1006l\x1b[?1000l';

/** The left button went down, or the wheel went on by one; `line` and `column` from 0. */
export interface Mouse {
  readonly mouse: 'press' | 'wheel-up' | 'wheel-down';
  readonly line: number;
  readonly column: number;
}

/** `ESC [ < button ; column ; line M`, with `m` for a release. No terminal has more than four digits of cells. */
const REPORT = /^<(\d{1,3});(\d{1,4});(\d{1,4})$/;
/** In the number of a button: shift, meta and control were held down. */
const MODIFIERS = 4 | 8 | 16;
const MEANINGS: ReadonlyMap<number, Mouse['mouse']> = new Map([
  [0, 'press'],
  [64, 'wheel-up'],
  [65, 'wheel-down'],
]);

/** What a control sequence tells of the mouse; null where it means nothing here. */
export function mouseReport(parameters: string, final: string): Mouse | null {
  const found = final === 'M' ? REPORT.exec(parameters) : null;
  if (found === null) return null;
  const [button, column, line] = found.slice(1).map(Number) as [number, number, number];
  const mouse = MEANINGS.get(button & ~MODIFIERS);
  // Cells are counted from 1.
  if (mouse === undefined || column === 0 || line === 0) return null;
  return { mouse, line: line - 1, column: column - 1 };
}
