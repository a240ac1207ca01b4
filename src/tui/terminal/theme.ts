import type { ClassName } from '../../core/classify/classes';
import type { Names } from './cell-width';
import { looksOf, MONO, PALETTES, type Style } from './palette';

export type { Style } from './palette';

export const CLASS_STYLE: Readonly<Record<ClassName, Style>> = {
  MAJOR: 'major',
  MINOR: 'minor',
  COW: 'cow',
  ERROR: 'error',
};

/** Characters beyond letters and digits that views draw with. */
export interface Glyphs {
  /** Eight levels, lowest first. Zero is a blank. */
  readonly levels: string;
  /** A slice without faults in a strip, and a zero in a table. */
  readonly empty: string;
  readonly zero: string;
  readonly ellipsis: string;
  readonly down: string;
  readonly up: string;
  /** Before a group of rows, closed and open, and before what it stands for. */
  readonly closed: string;
  readonly open: string;
  readonly below: string;
  readonly rule: string;
  readonly bar: string;
  /** Cells of a heat map, the lightest first; parts of a bar's last cell, the smallest first. */
  readonly darker: string;
  readonly parts: string;
  /** One for each class, where colours cannot tell them apart. */
  readonly shades: string;
  /** Beside a graph and below it, and between two panes; the corner also before the name of a child. */
  readonly tick: string;
  readonly corner: string;
  readonly vertical: string;
}

const UNICODE: Glyphs = {
  levels: '▁▂▃▄▅▆▇█',
  empty: '·',
  zero: '·',
  ellipsis: '…',
  down: '▼',
  up: '▲',
  closed: '▸',
  open: '▾',
  below: '│',
  rule: '─',
  bar: '█',
  darker: '·░▒▓█',
  parts: '▏▎▍▌▋▊▉',
  shades: '▓░▒█',
  tick: '┤',
  corner: '└',
  vertical: '│',
};
const ASCII: Glyphs = {
  levels: '.:-=+*#@',
  empty: '_',
  zero: '.',
  ellipsis: '~',
  down: 'v',
  up: '^',
  closed: '+',
  open: '-',
  below: '|',
  rule: '-',
  bar: '#',
  darker: '.:+*#',
  parts: '.......',
  shades: '#:o!',
  tick: '|',
  corner: '+',
  vertical: '|',
};

export const THEME_NAMES = ['dark', 'light', 'none'] as const;
export type ThemeName = (typeof THEME_NAMES)[number];

export interface Theme {
  readonly glyphs: Glyphs;
  /** The glyphs are ASCII. */
  readonly ascii: boolean;
  readonly names: Names;
  /** SGR parameters of a style, '' for none. */
  readonly sgr: Readonly<Record<Style, string>>;
}

/** `colours` is how many the terminal shows: below 8 the theme is monochrome. */
export function makeTheme(options: {
  readonly colours: number;
  readonly ascii: boolean;
  readonly name?: ThemeName;
  /** What is ambiguous takes two cells: all glyphs beyond ASCII are. */
  readonly wideAmbiguous?: boolean;
}): Theme {
  const { colours, name = 'dark', wideAmbiguous = false } = options;
  const ascii = options.ascii || wideAmbiguous;
  const names = options.ascii ? 'ascii' : wideAmbiguous ? 'wide' : 'all';
  const sgr = name === 'none' || colours < 8 ? MONO : looksOf(PALETTES[name], colours);
  return { glyphs: ascii ? ASCII : UNICODE, ascii, names, sgr };
}

/** A style's colour for what is drawn in blocks: bold ones would be of another colour than their background. */
export function graphColour({ sgr }: Theme, style: Style): string {
  return /(?:^|;)((?:3[0-7]|9[0-7]|38;5;\d+|38;2;\d+;\d+;\d+))$/.exec(sgr[style])?.[1] ?? '';
}
