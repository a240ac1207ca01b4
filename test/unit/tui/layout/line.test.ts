import fc from 'fast-check';
import { cut, Line, pieceLine } from '../../../../src/tui/layout/line';
import { cellText, widthOf } from '../../../../src/tui/terminal/cell-width';
import { historyLine, sparkline, strip, toHundred } from '../../../../src/tui/layout/spark';
import { makeTheme } from '../../../../src/tui/terminal/theme';
import { cells } from '../../../support/cells';
import { anyText } from '../../../support/texts';

const colour = makeTheme({ colours: 16, ascii: false });
const ascii = makeTheme({ colours: 0, ascii: true });
// Control characters are what this is about.
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\x00-\x1f\x7f-\x9f]/;

describe('words', () => {
  const text = 'a column per refresh, darker is more';
  it.each([
    [60, text],
    [36, text],
    [35, 'a column per refresh, darker is…'],
    [21, 'a column per…'],
    [13, 'a column per…'],
    [12, 'a column…'],
    [2, 'a…'],
    [1, ''],
  ])('in %i cells none of them is cut', (columns, expected) => {
    expect(new Line(colour, columns).words(text).end().trimEnd()).toBe(expected);
  });

  it('leaves nothing of one that has no room, and no control character', () => {
    expect(new Line(colour, 8).words('somewhere').end()).toBe(' '.repeat(8));
    expect(new Line(colour, 8).words('文字 文字文字 a\x1b[1m').end()).toBe('文字…   ');
  });
});

describe('cellText', () => {
  it.each([
    ['plain name', 'plain name'],
    ['a\x1b[31mred', 'a?[31mred'],
    ['a\x9b31mb', 'a?31mb'],
    ['line\nbreak\ttab', 'line?break?tab'],
    ['Größe Ωμ Жук', 'Größe Ωμ Жук'],
    ['文字', '文字'],
    ['e\u0301', 'e\u0301'],
    ['\u0301e', '?e'],
    [`e${'\u0301'.repeat(9)}`, `e${'\u0301'.repeat(3)}`],
    ['ab\u05d0\u0301', 'ab?'],
    ['❤\ufe0f', '❤'],
    ['👩\u200d💻', '👩?💻'],
    ['a\u202eb', 'a?b'],
    ['😀', '😀'],
    ['\u{10ffff}', '?'],
    ['soft\u00adhyphen', 'soft?hyphen'],
    ['\ud800', '?'],
  ])('%j', (text, expected) => {
    expect(cellText(text, 'all')).toBe(expected);
  });

  it('leaves nothing but ASCII where only that can be shown', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        expect(cellText(text, 'ascii')).toMatch(/^[\x20-\x7e]*$/);
      }),
    );
  });
});

describe('Line', () => {
  it('is exactly as wide as the screen, whatever is put on it', () => {
    const part = fc.tuple(
      anyText({ maxLength: 30 }),
      fc.constantFrom('plain' as const, 'major' as const, 'selected' as const),
      fc.nat(20),
    );
    fc.assert(
      fc.property(fc.array(part), fc.integer({ min: 1, max: 100 }), (parts, width) => {
        const line = new Line(colour, width);
        for (const [text, style, cell] of parts)
          line.add(text, style).cell(text, cell, 'left', style);
        const end = cells(line.end());
        expect(widthOf(end)).toBe(width);
        expect(end).not.toMatch(CONTROLS);
      }),
    );
  });

  it('keeps both ends of a name that is cut', () => {
    expect(cut('a-very-long-library-name.so.6 .text', 20, '~', true)).toBe('a-very-long-~6 .text');
    expect(cut('short', 20, '~', true)).toBe('short');
  });
});

describe('wide characters', () => {
  it.each([
    ['漢字', 4],
    ['ﾊﾝｶｸ', 4],
    ['😀', 2],
    ['e\u0301', 1],
    ['한국', 4],
    ['🫩', 2],
  ])('%s takes %i cells', (text, width) => {
    expect(widthOf(text)).toBe(width);
  });

  it.each([
    [7, false, '漢字仮~'],
    [6, false, '漢字~'],
    [2, false, '~'],
    [1, false, ''],
    [10, true, '漢字仮~.so'],
  ])('are never cut in half: to %i cells', (width, middle, expected) => {
    expect(cut('漢字仮名 .so', width, '~', middle)).toBe(expected);
  });

  it('fill their cell', () => {
    expect(new Line(colour, 8).cell('漢字仮名', 6, 'left').add('|').end()).toBe('漢字… | ');
    expect(new Line(colour, 8).cell('漢', 6, 'right').add('|').end()).toBe('    漢| ');
  });
});

describe('pieceLine', () => {
  const pieces = [
    { text: 'important', weight: 10 },
    { text: 'a long way to say it', short: 'short', weight: 5 },
    { text: 'unimportant', weight: 1 },
  ];
  it.each([
    [60, ' important  a long way to say it  unimportant'],
    [40, ' important  short  unimportant'],
    [30, ' important  short  unimportant'],
    [29, ' important  short'],
    [20, ' important  short'],
    [10, ' important'],
    [6, ' impo~'],
  ])('%i columns', (width, expected) => {
    expect(pieceLine(ascii, width, pieces).trimEnd()).toBe(expected);
  });

  it.each([
    [50, ' important  a long way to say it  and besides'],
    [44, ' important  a long way to say it'],
    [31, ' important  short  and besides'],
  ])('what is spare has what others leave: %i columns', (width, expected) => {
    const [first, second] = pieces;
    const spare = { text: 'and besides', weight: 7, spare: true };
    expect(pieceLine(ascii, width, [first!, second!, spare]).trimEnd()).toBe(expected);
  });
});

describe('pieceLine with a long form', () => {
  const command = {
    text: '/opt/jre/bin/java -jar x',
    short: 'java~',
    long: 'java -jar x',
    weight: 1,
  };
  it.each([
    [40, ' important  /opt/jre/bin/java -jar x'],
    [34, ' important  java -jar x'],
    [20, ' important  java -j~'],
    [17, ' important  java~'],
    [16, ' important'],
  ])('shows as much of it as there is room for: %i columns', (width, expected) => {
    const pieces = [{ text: 'important', weight: 10 }, command];
    expect(pieceLine(ascii, width, pieces).trimEnd()).toBe(expected);
  });
});

describe('sparklines', () => {
  it('scales to the largest, shows the newest, and keeps zero apart from little', () => {
    expect(sparkline([9, 9, 0, 1, 50, 100], 4, ascii.glyphs)).toBe(' .+@');
    expect(sparkline([1], 3, ascii.glyphs)).toBe('  @');
    expect(sparkline([0, 0], 2, ascii.glyphs)).toBe('  ');
    expect(strip([0, 1, 8], ascii.glyphs)).toBe('_:@');
  });

  it('gives the widget what it can scale: percents, and little kept apart from zero', () => {
    expect(toHundred([0, 1, 5e6, 1e7])).toEqual([0, 15, 50, 100]);
    expect(toHundred([0.2, 0.1])).toEqual([100, 50]);
    expect(toHundred([0, 0])).toEqual([0, 0]);
    expect(toHundred([])).toEqual([]);
  });

  it('does not move a history within a bin of five ticks', () => {
    const values = Array.from({ length: 60 }, (_, k) => k + 1);
    const at = (ticks: number): string =>
      historyLine(
        [...values.slice(ticks % 5), ...values.slice(0, ticks % 5).fill(60)],
        ticks,
        ascii.glyphs,
      );
    // Ticks 100 to 104 lie in one bin: only the newest character may differ.
    for (let ticks = 101; ticks <= 104; ticks++) {
      expect(at(ticks).slice(1, -1)).toBe(at(100).slice(1, -1));
    }
  });
});
