import fc from 'fast-check';
import {
  axis,
  peakOf,
  scaleEnd,
  spanOf,
  stacked,
  widestSpanOf,
  type Layer,
} from '../../../../src/tui/layout/graph';
import { makeTheme } from '../../../../src/tui/terminal/theme';

const colour = makeTheme({ colours: 16, ascii: false });
const ascii = makeTheme({ colours: 0, ascii: true });
const layer = (values: number[], sgr = '36', shade = ':'): Layer => ({ values, sgr, shade });
const text = (lines: readonly (readonly { text: string }[])[]): string[] =>
  lines.map((line) => line.map((run) => run.text).join(''));

test('a graph grows to the right, then moves by ten samples at a time', () => {
  expect(spanOf(5, 50)).toMatchObject({ first: -40 });
  const firsts = [50, 51, 59, 60, 61].map((count) => spanOf(count, 50).first);
  expect(firsts).toEqual([0, 10, 10, 10, 20]);
});

test('the newest sample is always seen, and nothing is drawn behind it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 11, max: 240 }),
      (count, columns) => {
        const values = Array.from({ length: Math.min(count, 240) }, (_, k, n = count) =>
          k < n ? 1 : 0,
        );
        const [line] = text(stacked(colour, [layer(values)], spanOf(count, columns), 1, 1));
        expect(line).toHaveLength(columns);
        expect(line!.trimEnd().length).toBeGreaterThan(columns - 11);
        expect(line!.trim()).toMatch(/^█*$/);
      },
    ),
  );
});

test('scales end at 1, 2 or 5 times a power of ten', () => {
  expect([0, 0.3, 1, 3, 7, 11, 64_000].map(scaleEnd)).toEqual([0, 0.5, 1, 5, 10, 20, 100_000]);
});

test('layers lie on top of one another, and their heights add up', () => {
  const layers = [layer([0, 4, 4], '36'), layer([0, 4, 0], '31')];
  const span = spanOf(3, 3);
  expect(peakOf(layers, { ...span, first: 0 })).toBe(8);
  const lines = stacked(colour, layers, { ...span, first: 0 }, 8, 2);
  expect(lines).toEqual([
    [
      { text: ' ', sgr: '' },
      { text: '█', sgr: '31' },
      { text: ' ', sgr: '' },
    ],
    [
      { text: ' ', sgr: '' },
      { text: '██', sgr: '36' },
    ],
  ]);
});

/** A column of two layers, as runs from the top line on. */
function column(rare: number, many: number, end: number, height: number, theme = colour): string[] {
  const layers = [layer([rare], '31', '#'), layer([many], '36', ':')];
  const span = { first: 0, columns: 1, count: 1, each: 1 };
  return stacked(theme, layers, span, end, height).map(([run]) => `${run!.sgr} ${run!.text}`);
}

test('one fault beside a million is a tick on the axis, in colours and without', () => {
  expect(column(1, 1e6, 1e6, 2)).toEqual(['36 █', '31;46 ▁']);
  expect(column(1, 6e5, 1e6, 2)).toEqual(['36 ▃', '31;46 ▁']);
  // In one cell with blank there is no third colour: it looks full, or as low as the tick.
  expect(column(1, 9e5, 1e6, 1)).toEqual(['31;46 ▁']);
  expect(column(1, 2e5, 1e6, 1)).toEqual(['31 ▁']);
  expect(column(1, 1e6, 1e6, 2, ascii)).toEqual(['36 :', '31 #']);
});

test('a share of half is seen as half', () => {
  expect(column(5e5, 5e5, 1e6, 2)).toEqual(['36 █', '31 █']);
  expect(column(5e5, 5e5, 1e6, 1)).toEqual(['31;46 ▄']);
  expect(column(5e5, 1e5, 1e6, 2)).toEqual(['36 ▂', '31 █']);
  expect(column(7e5, 1e5, 1e6, 2)).toEqual(['36 ▆', '31 █']);
});

test('in the first seconds a column is as wide as there is room, and its marks stand as far apart', () => {
  const of = (count: number): readonly number[] => {
    const { each, columns, first } = widestSpanOf(count, 100);
    // Where the newest sample ends.
    return [each, columns, (count - first) * each];
  };
  expect([1, 10, 11, 20, 21, 50, 51, 100, 101].map(of)).toEqual([
    [10, 10, 100],
    [10, 10, 100],
    [5, 20, 95],
    [5, 20, 100],
    [2, 50, 92],
    [2, 50, 100],
    [1, 100, 91],
    [1, 100, 100],
    [1, 100, 91],
  ]);
  const span = widestSpanOf(8, 100);
  expect(text(stacked(colour, [layer([0, 0, 1, 0, 0, 0, 0, 1])], span, 1, 1))).toEqual([
    `${' '.repeat(40)}${'█'.repeat(10)}${' '.repeat(40)}${'█'.repeat(10)}`,
  ]);
  const mark = (sample: number): string => String(sample);
  const spaces = ' '.repeat(18);
  expect(axis(span, mark)).toBe(`${' '.repeat(20)}|0${spaces}|2${spaces}|4${spaces}|6${spaces}`);
});

test('marks of the axis stand at fixed samples and never over one another', () => {
  const mark = (sample: number): string => String(sample).padStart(8, '0');
  expect(axis(spanOf(60, 50), mark)).toBe(
    `${' '.repeat(10)}|00000020           |00000040          `.slice(0, 50).padEnd(50),
  );
  expect(axis({ first: 0, columns: 15, count: 15, each: 1 }, mark)).toBe('|00000000      ');
});
