import type { ClassName } from '../../core/classify/classes';

/** What a piece of text means; the theme says how it looks. Meaning never rests on colour alone. */
export type Style =
  | 'plain'
  | 'major'
  | 'minor'
  | 'cow'
  | 'error'
  | 'dim'
  | 'strong'
  | 'title'
  | 'selected'
  | 'active'
  | 'warning'
  | 'good'
  | 'key'
  | 'bar'
  | 'fine'
  | 'look'
  | 'problem'
  | 'lost'
  | 'stall'
  | 'heat';

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
  /** Beside a graph and below it, and between two panes. */
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

/** Select Graphic Rendition parameters (ECMA-48), 16-colour set. */
const COLOURS: Readonly<Record<Style, string>> = {
  plain: '',
  major: '1;31',
  minor: '36',
  cow: '33',
  error: '35',
  dim: '90',
  strong: '1',
  title: '1;4',
  selected: '7',
  active: '1;7',
  warning: '1;33',
  good: '32',
  key: '1',
  bar: '1;97;44',
  fine: '1;30;42',
  look: '1;30;43',
  problem: '1;97;41',
  lost: '1;97;41',
  stall: '32',
  heat: '33',
};

/** The same with bold, underline and inverse only. */
const MONO: Readonly<Record<Style, string>> = {
  ...COLOURS,
  major: '1',
  minor: '',
  cow: '4',
  error: '1;4',
  dim: '',
  warning: '1',
  good: '',
  bar: '7',
  fine: '1',
  look: '1;7',
  problem: '1;7',
  lost: '1',
  stall: '',
  heat: '',
};

/** The same on a light background, where yellow and cyan cannot be read. */
const LIGHT: Readonly<Record<Style, string>> = {
  ...COLOURS,
  minor: '34',
  cow: '38;5;130',
  warning: '1;38;5;130',
  heat: '38;5;130',
};

export const THEME_NAMES = ['dark', 'light', 'none'] as const;
export type ThemeName = (typeof THEME_NAMES)[number];

export interface Theme {
  readonly glyphs: Glyphs;
  readonly ascii: boolean;
  /** SGR parameters of a style, '' for none. */
  readonly sgr: Readonly<Record<Style, string>>;
}

/** `colours` is how many the terminal shows: below 8 the theme is monochrome. */
export function makeTheme(options: {
  readonly colours: number;
  readonly ascii: boolean;
  readonly name?: ThemeName;
}): Theme {
  const { colours, ascii, name = 'dark' } = options;
  const many = name === 'light' ? LIGHT : COLOURS;
  // 90 (bright black) is black on black where only eight colours are known.
  const few = colours >= 8 ? { ...COLOURS, dim: '' } : MONO;
  const sgr = name === 'none' ? MONO : colours >= 16 ? many : few;
  return { glyphs: ascii ? ASCII : UNICODE, ascii, sgr };
}

/** A style's colour for what is drawn in blocks: bold ones would be of another colour than their background. */
export function graphColour({ sgr }: Theme, style: Style): string {
  return /(?:^|;)((?:3[0-7]|9[0-7]|38;5;\d+))$/.exec(sgr[style])?.[1] ?? '';
}

export interface TerminalTraits {
  readonly colours: number;
  readonly ascii: boolean;
}

/**
 * What the environment says about the terminal. NO_COLOR: no-color.org. The Linux console and the
 * hardware terminals have no block characters; a locale that is not UTF-8 has nothing beyond ASCII.
 */
export function terminalTraits(
  env: Readonly<Record<string, string | undefined>>,
  forceAscii: boolean,
): TerminalTraits {
  const term = env.TERM ?? '';
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find(
    (value) => value !== undefined && value !== '',
  );
  const utf8 = /utf-?8/i.test(locale ?? '');
  const simple = /^(?:linux|vt\d|ansi$|cons)/.test(term);
  const mono = (env.NO_COLOR ?? '') !== '' || /^(?:vt\d|.*-m$|.*-mono$)/.test(term);
  const eight = simple || term.endsWith('-8color');
  return { colours: mono ? 0 : eight ? 8 : 16, ascii: forceAscii || !utf8 || simple };
}
