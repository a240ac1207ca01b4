import fc from 'fast-check';
import { partLines, shareLines, wordLines } from '../../../../src/tui/views/detail-lines';
import { makeTheme } from '../../../../src/tui/terminal/theme';
import { cells } from '../../../support/cells';
import { expectSame } from '../../../support/same';

const theme = makeTheme({ colours: 0, ascii: false });
const PARTS = ['p50 900ns', 'p90 2.0us', 'p99 3.1us', 'stalled 400.0ms'].map((part) => ({
  text: part,
}));

describe('lines of a detail', () => {
  it('tells parts whole: in another line where one has no room', () => {
    const drawn = (columns: number, most: number): string[] =>
      partLines(theme, columns, 'cost', PARTS, most).map((line) => cells(line).trimEnd());
    const all = ' cost     p50 900ns   p90 2.0us   p99 3.1us   stalled 400.0ms';
    expect(drawn(61, 1)).toEqual([all]);
    expect(drawn(60, 1)).toEqual([' cost     p50 900ns   p90 2.0us   p99 3.1us   …']);
    expect(drawn(60, 2)).toEqual([
      ' cost     p50 900ns   p90 2.0us   p99 3.1us',
      '          stalled 400.0ms',
    ]);
    expect(drawn(36, 2)).toEqual([' cost     p50 900ns   p90 2.0us', '          p99 3.1us   …']);
  });

  it('leaves out parts from some on, and says so, whatever the width', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z0-9]{1,12}( [a-z0-9]{1,6})?$/), { minLength: 1 }),
        fc.integer({ min: 34, max: 120 }),
        fc.integer({ min: 1, max: 3 }),
        (texts, columns, most) => {
          const parts = texts.map((part) => ({ text: part }));
          const lines = partLines(theme, columns, 'why', parts, most).map(cells);
          const told = lines.flatMap((line) => line.slice(10).trimEnd().split('   '));
          const isWhole = told.at(-1) !== '…';
          const shown = isWhole ? told : told.slice(0, -1);
          expectSame([lines.length <= most, shown], [true, texts.slice(0, shown.length)]);
          expectSame(isWhole, shown.length === texts.length);
          for (const line of lines) expectSame(line.length, columns);
        },
      ),
    );
  });

  it('keeps the share of a name that is too long', () => {
    const rows = [
      { name: 'std::vector<int>::reserve(unsigned long, char const*)', faults: 3 },
      { name: 'other', faults: 1 },
    ];
    expect(cells(shareLines(theme, 40, 'code', rows)[0]!).trimEnd()).toBe(
      ' code     std::vector<i… const*) 75.0 %',
    );
  });

  it('tells sentences whole', () => {
    const lines = wordLines(
      theme,
      40,
      '64 slices of 128K; hottest 0x1000-0x2000, 12.3 % of its faults',
    );
    expect(lines.map((line) => line.trim()).join(' ')).toBe(
      '64 slices of 128K; hottest 0x1000-0x2000, 12.3 % of its faults',
    );
  });
});
