import type { Theme } from '../terminal/theme';

/** One colour of a graph: values by sample, newest last; all layers of a graph have as many. */
export interface Layer {
  readonly values: readonly number[];
  /** Parameters of SGR, '' where there are no colours. */
  readonly sgr: string;
  /** A character for it where colours cannot tell layers apart. */
  readonly shade: string;
}

/** Which samples a graph shows: that of column 0 by its number since the start, below 0 for none. */
export interface Span {
  readonly first: number;
  /** One for each sample. */
  readonly columns: number;
  /** Samples there have been; the newest has the number before. */
  readonly count: number;
  /** Cells of a column. */
  readonly each: number;
}

/** A part of a line in one look. */
export interface Run {
  text: string;
  readonly sgr: string;
}

/**
 * A graph moves by so many columns at a time. Drawn anew at every sample it would cost more bytes than all the
 * rest of the screen; so nearly every sample costs one column.
 */
const STEP = 10;
const EIGHTHS = 8;

/** Cells of a column, the widest first: what divides STEP. */
const WIDTHS = [10, 5, 2, 1] as const;

/** The span that ends with the newest sample, or a few cells behind it. */
export function spanOf(count: number, cells: number, each = 1): Span {
  const columns = Math.floor(cells / each);
  const step = STEP / each;
  return { first: Math.ceil((count - columns) / step) * step, columns, count, each };
}

/** The same with columns as wide as all samples have room: the first seconds would be a few dots at the edge. */
export function widestSpanOf(count: number, cells: number): Span {
  return spanOf(count, cells, WIDTHS.find((each) => each * count <= cells) ?? 1);
}

/** Index into values of `length` newest samples; outside of them where there is none. */
export function indexAt({ first, count }: Span, column: number, length: number): number {
  return first + column - (count - length);
}

/** Where each layer's value of column 0 lies: see indexAt(). */
function startsOf(layers: readonly Layer[], span: Span): readonly number[] {
  return layers.map(({ values }) => indexAt(span, 0, values.length));
}

/** The first column in which some layer has a value: before it the samples are not kept, or there were none. */
function firstColumn(starts: readonly number[]): number {
  return Math.max(0, -Math.max(...starts));
}

/** The largest sum of the layers within a span. */
export function peakOf(layers: readonly Layer[], span: Span): number {
  const starts = startsOf(layers, span);
  let peak = 0;
  for (let column = firstColumn(starts); column < span.columns; column++) {
    let sum = 0;
    for (let k = 0; k < layers.length; k++) sum += layers[k]!.values[starts[k]! + column] ?? 0;
    if (sum > peak) peak = sum;
  }
  return peak;
}

/** The end of a scale: 1, 2 or 5 times a power of ten, so that it seldom changes. 0 for nothing. */
export function scaleEnd(peak: number): number {
  if (!(peak > 0)) return 0;
  const power = 10 ** Math.floor(Math.log10(peak));
  return power * ([1, 2, 5].find((step) => step * power >= peak) ?? 10);
}

/** Layers on top of one another, as `height` lines from the top: the first layer lies lowest. */
export function stacked(
  theme: Theme,
  layers: readonly Layer[],
  span: Span,
  end: number,
  height: number,
): Run[][] {
  const lines: Run[][] = Array.from({ length: height }, () => []);
  const heights = new Array<number>(layers.length).fill(0);
  const grounds = layers.map(({ sgr }) => asBackground(sgr));
  const starts = startsOf(layers, span);
  const first = Math.min(span.columns, firstColumn(starts));
  /** Columns with nothing in them that were not added yet: they come in long runs. */
  let blanks = first;
  const addBlanks = (): void => {
    const cell = { text: ' '.repeat(blanks * span.each), sgr: '' };
    if (blanks > 0) for (const line of lines) addCell(line, cell);
    blanks = 0;
  };
  for (let column = first; column < span.columns; column++) {
    let top = 0;
    for (let k = 0; k < layers.length; k++) {
      heights[k] = eighths(layers[k]!.values[starts[k]! + column] ?? 0, end, height);
      top += heights[k]!;
    }
    if (top === 0) {
      blanks++;
      continue;
    }
    addBlanks();
    makeRoom(heights, top - height * EIGHTHS);
    for (let row = 0; row < height; row++) {
      const isBlank = row * EIGHTHS >= top;
      const cell = isBlank ? BLANK : cellAt(theme, { layers, grounds, heights }, row * EIGHTHS);
      addCell(lines[height - 1 - row]!, { ...cell, text: cell.text.repeat(span.each) });
    }
  }
  addBlanks();
  return lines;
}

/** How high a value stands in `cells` cells whose upper end is `end`: at least an eighth, so that one fault is seen. */
function eighths(value: number, end: number, cells: number): number {
  const all = EIGHTHS * cells;
  return value > 0 ? Math.min(all, Math.ceil((value / end) * all)) : 0;
}

/** Where what is seen of rare layers goes beyond the end, the highest layer gives way. */
function makeRoom(heights: number[], excess: number): void {
  if (excess > 0) heights[heights.indexOf(Math.max(...heights))]! -= excess;
}

/** Layers in one column. */
interface Stack {
  readonly layers: readonly Layer[];
  /** Their colours as backgrounds. */
  readonly grounds: readonly string[];
  /** In eighths. */
  readonly heights: readonly number[];
}

/** The cell whose lower end is at `from` eighths. */
function cellAt(theme: Theme, stack: Stack, from: number): Run {
  const { layers, heights } = stack;
  let at = 0;
  let filled = 0;
  /** Of the layers in it the lowest and the highest, by their numbers; where the lowest ends, and that none of it is below the cell. */
  let low = -1;
  let top = -1;
  let border = 0;
  let begins = false;
  for (let k = 0; k < layers.length; k++) {
    const start = at;
    at += heights[k]!;
    const upTo = Math.min(EIGHTHS, at - from);
    if (upTo <= filled) continue;
    top = k;
    filled = upTo;
    if (low >= 0) continue;
    low = k;
    border = upTo;
    begins = start >= from;
  }
  if (top < 0) return BLANK;
  if (layers.length > 1 && (layers[top]!.sgr === '' || theme.ascii)) {
    const { shade: text, sgr } = layers[begins ? low : top]!;
    return { text, sgr };
  }
  if (low === top) return block(theme, filled, layers[top]!.sgr);
  return twoColours(theme, stack, { low, top, border, filled, begins });
}

/** Two layers in one cell; see cellAt(). */
interface Two {
  readonly low: number;
  readonly top: number;
  readonly border: number;
  readonly filled: number;
  readonly begins: boolean;
}

/**
 * A cell has two colours, one of which is that of what is blank in it: both layers are seen where it is full, or so
 * high that it may look so. Else it is that of the layer which is not seen below it; the lowest begins on the axis,
 * and is the rarest (a tick that must be seen, and must not look like much).
 */
function twoColours(theme: Theme, { layers, grounds }: Stack, two: Two): Run {
  const { low, top, border, filled, begins } = two;
  const isFull = filled === EIGHTHS || (begins && filled > EIGHTHS / 2);
  if (isFull) return block(theme, border, `${layers[low]!.sgr};${grounds[top]!}`);
  if (!begins) return block(theme, filled, layers[top]!.sgr);
  return block(theme, border * 2 > filled ? filled : border, layers[low]!.sgr);
}

function block({ glyphs }: Theme, height: number, sgr: string): Run {
  return { text: glyphs.levels.charAt(height - 1), sgr };
}

const BLANK: Run = { text: ' ', sgr: '' };

/** A foreground as background (ECMA-48, 8.3.117: 30-37 and 40-47; 38;5;n and 48;5;n; 90-97 and 100-107). */
function asBackground(sgr: string): string {
  return sgr.replace(/^3(\d)/, '4$1').replace(/^9(\d)/, '10$1');
}

function addCell(line: Run[], { text, sgr }: Run): void {
  const last = line.at(-1);
  if (last?.sgr === sgr) last.text += text;
  else line.push({ text, sgr });
}

/** Cells between two times on an axis. */
const MARK_EVERY = 2 * STEP;

/** A time axis below a graph: marks stand at fixed samples, so that they move with them. */
export function axis(span: Span, timeOf: (sample: number) => string): string {
  const cells = span.columns * span.each;
  let line = '';
  for (let column = 0; column < span.columns; column++) {
    const sample = span.first + column;
    if (sample < 0 || sample >= span.count || (sample * span.each) % MARK_EVERY !== 0) continue;
    const mark = `|${timeOf(sample)}`;
    const cell = column * span.each;
    if (cell < line.length || cell + mark.length > cells) continue;
    line = line.padEnd(cell) + mark;
  }
  return line.padEnd(cells);
}
