import fc from 'fast-check';
import {
  axis,
  peakOf,
  scaleEnd,
  spanOf,
  stacked,
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

test('one fault is seen beside a million, in colours and without', () => {
  const layers = [layer([1e6, 1e6], '36', ':'), layer([0, 1], '31', '#')];
  const span = { first: 0, columns: 2, count: 2 };
  expect(text(stacked(ascii, layers, span, 1e6, 1))).toEqual([':#']);
  const runs = stacked(colour, layers, span, 2e6, 2).flat();
  expect(runs.filter(({ sgr }) => sgr.includes('31') || sgr.includes('41'))).not.toEqual([]);
});

test('marks of the axis stand at fixed samples and never over one another', () => {
  const mark = (sample: number): string => String(sample).padStart(8, '0');
  expect(axis(spanOf(60, 50), mark)).toBe(
    `${' '.repeat(10)}|00000020           |00000040          `.slice(0, 50).padEnd(50),
  );
  expect(axis({ first: 0, columns: 15, count: 15 }, mark)).toBe('|00000000      ');
});
