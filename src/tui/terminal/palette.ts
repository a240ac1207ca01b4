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

/** A colour as terminals of 16 have it (SGR 30 to 37 and 90 to 97 of the foreground), and as it is meant. */
interface Colour {
  readonly few: number;
  readonly rgb: number;
}

/** How a style looks. */
interface Look {
  readonly front?: Colour;
  readonly back?: Colour;
  /** Bold, underlined, inverse: parameters of SGR (ECMA-48, 8.3.117). */
  readonly marks?: string;
  /** Where there are no more than 16 colours this is all of it. */
  readonly few?: string;
}

type Palette = Readonly<Record<Style, Look>>;

/** True colour: every RGB value has a sequence of its own. */
export const TRUE_COLOUR = 1 << 24;

const colour = (few: number, rgb: number): Colour => ({ few, rgb });
const BLACK = colour(30, 0x101216);
const WHITE = colour(97, 0xffffff);
const BOLD = '1';

const DARK = {
  red: colour(31, 0xff6b6b),
  cyan: colour(36, 0x56d0d6),
  yellow: colour(33, 0xf2cf5b),
  magenta: colour(35, 0xd78bff),
  orange: colour(93, 0xff9f43),
  green: colour(32, 0x7bd88f),
  grey: colour(90, 0x8b919c),
} as const;

const LIGHT = {
  red: colour(31, 0xc62828),
  blue: colour(34, 0x1558b0),
  // Neither yellow nor cyan of the 16 can be read on white.
  brown: colour(35, 0x8a5a00),
  magenta: colour(35, 0x8e24aa),
  orange: colour(31, 0xd1470c),
  green: colour(32, 0x2e7d32),
  grey: colour(90, 0x6b7280),
} as const;

/** What has a background of its own looks the same on any. */
const BADGES = {
  bar: { front: WHITE, back: colour(34, 0x1f4e79), marks: BOLD },
  fine: { front: BLACK, back: colour(32, 0x7bd88f), marks: BOLD },
  look: { front: BLACK, back: colour(33, 0xf2cf5b), marks: BOLD },
  problem: { front: WHITE, back: colour(31, 0xd70000), marks: BOLD },
  lost: { front: WHITE, back: colour(35, 0x8e3fb5), marks: BOLD },
  active: { front: WHITE, back: colour(34, 0x2f6fa8), marks: BOLD, few: '1;7' },
} as const;

const PLAIN = {
  plain: {},
  strong: { marks: BOLD },
  title: { marks: '1;4' },
  key: { marks: BOLD },
} as const;

export const PALETTES: Readonly<Record<'dark' | 'light', Palette>> = {
  dark: {
    ...PLAIN,
    ...BADGES,
    major: { front: DARK.red, marks: BOLD },
    minor: { front: DARK.cyan },
    cow: { front: DARK.yellow },
    error: { front: DARK.magenta },
    dim: { front: DARK.grey },
    selected: { front: WHITE, back: colour(34, 0x2d4a66), few: '7' },
    warning: { front: DARK.orange, marks: BOLD },
    good: { front: DARK.green },
    stall: { front: DARK.green },
    heat: { front: DARK.orange },
  },
  light: {
    ...PLAIN,
    ...BADGES,
    major: { front: LIGHT.red, marks: BOLD },
    minor: { front: LIGHT.blue },
    cow: { front: LIGHT.brown },
    error: { front: LIGHT.magenta, few: '4;35' },
    dim: { front: LIGHT.grey },
    selected: { front: BLACK, back: colour(37, 0xc9def2), few: '7' },
    warning: { front: LIGHT.orange, marks: BOLD, few: '1;4' },
    good: { front: LIGHT.green },
    stall: { front: LIGHT.green },
    heat: { front: LIGHT.orange },
  },
};

/** Bold, underline and inverse only. */
export const MONO: Readonly<Record<Style, string>> = {
  plain: '',
  major: '1',
  minor: '',
  cow: '4',
  error: '1;4',
  dim: '',
  strong: '1',
  title: '1;4',
  selected: '7',
  active: '1;7',
  warning: '1',
  good: '',
  key: '1',
  bar: '7',
  fine: '1',
  look: '1;7',
  problem: '1;7',
  lost: '1',
  stall: '',
  heat: '',
};

/** SGR parameters of each style, with the foreground behind all others, on a terminal of so many colours. */
export function looksOf(palette: Palette, colours: number): Readonly<Record<Style, string>> {
  const entries = Object.entries(palette).map(([style, look]) => [style, sgrOf(look, colours)]);
  return Object.fromEntries(entries) as Readonly<Record<Style, string>>;
}

function sgrOf({ front, back, marks, few }: Look, colours: number): string {
  if (colours < 256 && few !== undefined) return few;
  const parts = [
    marks ?? '',
    back === undefined ? '' : colourSgr(back, colours, 10),
    front === undefined ? '' : colourSgr(front, colours, 0),
  ];
  return parts.filter((part) => part !== '').join(';');
}

/** `ground`: 0 for the foreground, 10 for the background. */
function colourSgr({ few, rgb }: Colour, colours: number, ground: 0 | 10): string {
  const [red, green, blue] = [rgb >> 16, (rgb >> 8) & 255, rgb & 255] as const;
  if (colours >= TRUE_COLOUR) return `${38 + ground};2;${red};${green};${blue}`;
  if (colours >= 256) return `${38 + ground};5;${nearest(red, green, blue)}`;
  // Of eight, bright black would be black; the others lose their brightness alone.
  if (colours < 16 && few >= 90) return few === 90 ? '' : String(few - 60 + ground);
  return String(few + ground);
}

/** The six levels of the colour cube of 256-colour terminals (xterm, 256colres.h), which begins at 16. */
const CUBE: readonly number[] = [0, 95, 135, 175, 215, 255];

/** The number of the colour of the cube, or of the greys behind it, that is next to it. */
function nearest(red: number, green: number, blue: number): number {
  const step = (value: number): number =>
    CUBE.reduce((best, level, k) => {
      return Math.abs(level - value) < Math.abs(CUBE[best]! - value) ? k : best;
    }, 0);
  const [r, g, b] = [step(red), step(green), step(blue)] as const;
  const grey = Math.max(0, Math.min(23, Math.round(((red + green + blue) / 3 - 8) / 10)));
  const level = 8 + 10 * grey;
  const far = (r2: number, g2: number, b2: number): number =>
    (r2 - red) ** 2 + (g2 - green) ** 2 + (b2 - blue) ** 2;
  const isGrey = far(level, level, level) < far(CUBE[r]!, CUBE[g]!, CUBE[b]!);
  return isGrey ? 232 + grey : 16 + 36 * r + 6 * g + b;
}
