import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { terminalColours } from '../../../../src/cli/terminal-description';
import { describedColours } from '../../../../src/tui/terminal/terminfo';
import { CLASS_STYLE, graphColour, makeTheme } from '../../../../src/tui/terminal/theme';
import { terminalTraits } from '../../../../src/tui/terminal/traits';
import { removeScratch, scratchDirectory } from '../../../support/scratch';

const TRUE = 1 << 24;

describe('terminalTraits', () => {
  const utf8 = { LANG: 'en_US.UTF-8' };
  it.each<[Record<string, string>, number, boolean]>([
    [{ TERM: 'xterm-256color', ...utf8 }, 256, false],
    [{ TERM: 'xterm-256color', COLORTERM: 'truecolor', ...utf8 }, TRUE, false],
    [{ TERM: 'xterm-256color', COLORTERM: '24bit', ...utf8 }, TRUE, false],
    [{ TERM: 'xterm-256color', COLORTERM: 'yes', ...utf8 }, 256, false],
    [{ TERM: 'xterm-direct', ...utf8 }, TRUE, false],
    [{ TERM: 'xterm-kitty', ...utf8 }, TRUE, false],
    [{ TERM: 'alacritty', ...utf8 }, TRUE, false],
    [{ TERM: 'screen', ...utf8 }, 16, false],
    [{ TERM: 'tmux-256color', ...utf8 }, 256, false],
    [{ TERM: 'xterm-256color', LANG: 'C' }, 256, true],
    [{ TERM: 'xterm-256color', LANG: 'C.utf8', LC_ALL: 'C' }, 256, true],
    [{ TERM: 'xterm-256color', LC_ALL: '', LC_CTYPE: 'C.UTF-8' }, 256, false],
    [{ TERM: 'linux', COLORTERM: 'truecolor', ...utf8 }, 8, true],
    [{ TERM: 'vt100', ...utf8 }, 0, true],
    [{ TERM: 'xterm', NO_COLOR: '1', COLORTERM: 'truecolor', ...utf8 }, 0, false],
    [{ TERM: 'xterm', NO_COLOR: '', ...utf8 }, 16, false],
    [{ TERM: 'no-such-terminal', ...utf8 }, 16, false],
  ])('%j', (env, colours, ascii) => {
    expect(terminalTraits(env, false)).toEqual({ colours, ascii });
  });

  it('believes a description that knows more than the name', () => {
    const of = (described: number | null) =>
      terminalTraits({ TERM: 'strange', ...utf8 }, false, described).colours;
    expect([null, 0, 8, 16, 88, 256, 32768, TRUE].map(of)).toEqual([
      16,
      0,
      16,
      16,
      16,
      256,
      TRUE,
      TRUE,
    ]);
  });
});

describe('descriptions of terminals', () => {
  let scratch: string;
  beforeAll(() => {
    scratch = scratchDirectory();
  });
  afterAll(() => {
    removeScratch(scratch);
  });

  // By infocmp of ncurses: what it tells of the system's own descriptions.
  it.each(['xterm', 'xterm-256color', 'linux', 'vt100', 'dumb', 'screen'])('%s', (term) => {
    const text = execFileSync('infocmp', ['-1', term], { encoding: 'utf8' });
    const said = /^\tcolors#(\w+),$/m.exec(text)?.[1];
    expect(terminalColours(term)).toBe(said === undefined ? 0 : Number(said));
  });

  it('with numbers of 32 bits, as tic writes them for direct colour', () => {
    const source = join(scratch, 'direct.ti');
    writeFileSync(source, 'big-direct|direct colours,\n\tam,\n\tcolors#0x1000000, cols#80,\n');
    execFileSync('tic', ['-o', scratch, source]);
    expect(terminalColours('big-direct', [join(scratch, 'none'), scratch])).toBe(TRUE);
  });

  it('that are broken, missing or under a name that leads elsewhere are none', () => {
    const folder = join(scratch, 'b');
    if (!existsSync(folder)) mkdirSync(folder);
    writeFileSync(join(folder, 'broken'), 'no description');
    execFileSync('mkfifo', [join(folder, 'blocks')]);
    writeFileSync(join(scratch, 'outside'), 'x');
    for (const term of ['broken', 'blocks', 'missing', '../outside', '', 'b/x', 'x'.repeat(100)]) {
      expect(terminalColours(term, [scratch])).toBeNull();
    }
    expect(describedColours(new Uint8Array(0))).toBeNull();
    const cut = new Uint8Array(12);
    new DataView(cut.buffer).setUint16(0, 0o432, true);
    new DataView(cut.buffer).setUint16(6, 20, true);
    expect(describedColours(cut)).toBeNull();
  });
});

/** Relative luminance of sRGB, and the contrast of two (WCAG 2.1, 1.4.3). */
function luminance(rgb: readonly number[]): number {
  const [r, g, b] = rgb.map((value) => {
    const part = value / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}
function contrast(a: readonly number[], b: readonly number[]): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light! + 0.05) / (dark! + 0.05);
}
function rgbOf(sgr: string, ground: 38 | 48): number[] | null {
  const found = new RegExp(`(?:^|;)${ground};2;(\\d+);(\\d+);(\\d+)`).exec(sgr);
  return found === null ? null : found.slice(1).map(Number);
}

describe('the themes', () => {
  it.each([
    ['dark', [0, 0, 0]],
    ['dark', [40, 42, 54]],
    ['light', [255, 255, 255]],
    ['light', [253, 246, 227]],
  ] as const)('%s can be read on %j', (name, background) => {
    const { sgr } = makeTheme({ colours: TRUE, ascii: false, name });
    for (const [style, look] of Object.entries(sgr)) {
      const front = rgbOf(look, 38);
      if (front === null) continue;
      const back = rgbOf(look, 48) ?? background;
      // 4.5 is what text needs; what is dim is meant to stand back.
      const found = { style, readable: contrast(front, back) >= (style === 'dim' ? 3 : 4) };
      expect(found).toEqual({ style, readable: true });
    }
  });

  const depths = [8, 16, 256, TRUE].flatMap((colours) =>
    (['dark', 'light'] as const).map((name) => ({ colours, name })),
  );
  it.each(depths)('$name, $colours colours: classes and warnings are told apart', (options) => {
    const { sgr } = makeTheme({ ...options, ascii: false });
    const { major, minor, cow, error, warning, lost, problem, plain } = sgr;
    const looks = [major, minor, cow, error, warning, lost, problem, plain];
    expect(new Set(looks).size).toBe(looks.length);
    const theme = makeTheme({ ...options, ascii: false });
    // A graph has the very colour that the words have.
    for (const style of Object.values(CLASS_STYLE)) {
      expect(graphColour(theme, style)).not.toBe('');
      expect(theme.sgr[style].endsWith(graphColour(theme, style))).toBe(true);
    }
  });

  it('shows a problem on red, with 256 colours too', () => {
    // 160 is #d70000 of the cube.
    expect(makeTheme({ colours: 256, ascii: false }).sgr.problem).toContain('48;5;160');
  });

  it('has as few colours as the terminal', () => {
    const all = (colours: number): string =>
      Object.values(makeTheme({ colours, ascii: false }).sgr).join(' ');
    expect(all(8)).not.toMatch(/\b(?:9|10)\d\b|[34]8;/);
    expect(all(16)).not.toMatch(/[34]8;/);
    expect(all(256)).not.toMatch(/[34]8;2/);
    expect(all(TRUE)).not.toMatch(/[34]8;5/);
    expect(all(0)).not.toMatch(/\b(?:[34]\d|9\d|10\d)\b/);
    expect(Object.values(makeTheme({ colours: TRUE, ascii: false, name: 'none' }).sgr)).toEqual(
      Object.values(makeTheme({ colours: 0, ascii: false }).sgr),
    );
  });
});
