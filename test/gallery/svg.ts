import type { IBufferCell, Terminal } from '@xterm/headless';

/** What a terminal shows where a program asks for no colour of its own. */
export interface Palette {
  readonly foreground: string;
  readonly background: string;
  /** Colours 0 to 15. */
  readonly ansi: readonly string[];
}

export const DARK: Palette = {
  foreground: '#d0d0d0',
  background: '#16181d',
  ansi: [
    ...['#16181d', '#e06c75', '#98c379', '#e5c07b', '#61afef', '#c678dd', '#56b6c2', '#c8ccd4'],
    ...['#5c6370', '#ff7b86', '#b5e890', '#ffd68a', '#7cc4ff', '#e08cf5', '#6fd3df', '#ffffff'],
  ],
};

export const LIGHT: Palette = {
  foreground: '#24292f',
  background: '#ffffff',
  ansi: [
    ...['#24292f', '#b3261e', '#1a7f37', '#8a6100', '#0550ae', '#8250df', '#1b7c83', '#6e7781'],
    ...['#57606a', '#cf222e', '#116329', '#633c01', '#0969da', '#6639ba', '#3192aa', '#8c959f'],
  ],
};

const CELL = { width: 8, height: 17, baseline: 13 } as const;
/** At which a cell is as wide as a character of DejaVu Sans Mono (1233 of 2048): some renderers know no textLength. */
const FONT_SIZE = 13.288;
/** The six levels of the colour cube of 256-colour terminals. */
const CUBE = [0, 95, 135, 175, 215, 255] as const;

/** The screen of a terminal as an SVG document. Each run of cells that look alike is one element. */
export function svgOf(terminal: Terminal, palette: Palette): string {
  const { cols, rows, buffer } = terminal;
  const [width, height] = [cols * CELL.width, rows * CELL.height];
  const parts: string[] = [];
  for (let y = 0; y < rows; y++) {
    const line = buffer.active.getLine(buffer.active.viewportY + y);
    if (line === undefined) continue;
    for (let x = 0; x < cols;) {
      const first = line.getCell(x)!;
      const look = lookOf(first, palette);
      let text = '';
      let end = x;
      for (; end < cols; end++) {
        const cell = line.getCell(end)!;
        if (!same(lookOf(cell, palette), look)) break;
        if (blockOf(cell) !== blockOf(first)) break;
        // The second half of a wide character has no text of its own.
        if (cell.getWidth() > 0) text += cell.getChars() || ' ';
      }
      parts.push(...runOf(x, y, end - x, text, look, palette));
      x = end;
    }
  }
  const font = `font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="${FONT_SIZE}"`;
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${font} shape-rendering="crispEdges" xml:space="preserve">`,
    `<rect width="100%" height="100%" fill="${palette.background}"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

interface Block {
  readonly width: number;
  readonly height: number;
}

/** Block elements (U+2581 to U+258F) by their share of a cell, from below and from the left: fonts leave gaps between their lines. */
const BLOCKS: ReadonlyMap<string, Block> = new Map<string, Block>([
  ...Array.from('▁▂▃▄▅▆▇█', (char, k): [string, Block] => [
    char,
    { width: 1, height: (k + 1) / 8 },
  ]),
  ...Array.from('▏▎▍▌▋▊▉', (char, k): [string, Block] => [char, { width: (k + 1) / 8, height: 1 }]),
]);

/** A block that is drawn as one, '' for all else: cells of one are a run of their own. */
function blockOf(cell: IBufferCell): string {
  const text = cell.getChars();
  return BLOCKS.has(text) ? text : '';
}

interface Look {
  readonly foreground: string;
  readonly background: string;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly underline: boolean;
}

function same(a: Look, b: Look): boolean {
  return (
    a.foreground === b.foreground &&
    a.background === b.background &&
    a.bold === b.bold &&
    a.dim === b.dim &&
    a.underline === b.underline
  );
}

function lookOf(cell: IBufferCell, palette: Palette): Look {
  const front = colour(cell.getFgColorMode(), cell.getFgColor(), palette, palette.foreground);
  const back = colour(cell.getBgColorMode(), cell.getBgColor(), palette, palette.background);
  const inverse = cell.isInverse() !== 0;
  return {
    foreground: inverse ? back : front,
    background: inverse ? front : back,
    bold: cell.isBold() !== 0,
    dim: cell.isDim() !== 0,
    underline: cell.isUnderline() !== 0,
  };
}

/** Modes as xterm.js numbers them: 0 none, 1 and 2 of the palette (bits 24 and 25), 3 RGB. */
function colour(mode: number, value: number, palette: Palette, none: string): string {
  switch (mode >>> 24) {
    case 0:
      return none;
    case 3:
      return `#${value.toString(16).padStart(6, '0')}`;
    default:
      return indexed(value, palette);
  }
}

function indexed(index: number, palette: Palette): string {
  if (index < 16) return palette.ansi[index]!;
  const levels =
    index >= 232
      ? Array<number>(3).fill(8 + 10 * (index - 232))
      : [36, 6, 1].map((step) => CUBE[Math.floor((index - 16) / step) % 6]!);
  return `#${levels.map((level) => level.toString(16).padStart(2, '0')).join('')}`;
}

function runOf(
  x: number,
  y: number,
  cells: number,
  text: string,
  look: Look,
  palette: Palette,
): string[] {
  const [left, top, width] = [x * CELL.width, y * CELL.height, cells * CELL.width];
  const parts: string[] = [];
  if (look.background !== palette.background) {
    const box = `x="${left}" y="${top}" width="${width}" height="${CELL.height}"`;
    parts.push(`<rect ${box} fill="${look.background}"/>`);
  }
  const shown = text.trim();
  if (shown === '') return parts;
  const block = BLOCKS.get(shown.charAt(0));
  if (block !== undefined) {
    const high = CELL.height * block.height;
    const box = `x="${left}" y="${top + CELL.height - high}" width="${width * block.width}" height="${high}"`;
    parts.push(`<rect ${box} fill="${look.foreground}"/>`);
    return parts;
  }
  // Blanks at the ends are cells of their own: some renderers leave them out, and would stretch the rest.
  const before = text.length - text.trimStart().length;
  const wide = cells - before - (text.length - text.trimEnd().length);
  const style = [
    look.bold ? ' font-weight="bold"' : '',
    look.dim ? ' opacity="0.6"' : '',
    look.underline ? ' text-decoration="underline"' : '',
  ].join('');
  const length = ` textLength="${wide * CELL.width}"`;
  const place = `x="${left + before * CELL.width}" y="${top + CELL.baseline}"${length}`;
  parts.push(`<text ${place} fill="${look.foreground}"${style}>${escaped(shown)}</text>`);
  return parts;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
