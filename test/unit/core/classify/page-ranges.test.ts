import fc from 'fast-check';
import { PageRanges } from '../../../../src/core/classify/page-ranges';
import { expectSame } from '../../../support/same';

interface Named {
  readonly start: number;
  readonly end: number;
  readonly name: number;
}

const LAST = 40;
const range = fc
  .tuple(fc.nat(LAST), fc.nat(LAST))
  .map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) + 1 }));

test('ranges of pages are what an array of pages says, whatever is laid and cut', () => {
  const change = fc.record({ range, lay: fc.boolean() });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), range, (changes, asked) => {
      const ranges = new PageRanges<Named>();
      const pages = new Array<number | undefined>(LAST + 2).fill(undefined);
      changes.forEach(({ range: { start, end }, lay }, name) => {
        ranges.cut(start, end, lay ? [{ start, end, name }] : []);
        pages.fill(lay ? name : undefined, start, end);
      });
      pages.forEach((name, page) => {
        expectSame(ranges.at(page)?.name, name);
      });
      const met = new Set(pages.slice(asked.start, asked.end).filter((n) => n !== undefined));
      const within = ranges.within(asked.start, asked.end);
      expect(new Set(within.map(({ name }) => name))).toEqual(met);
      for (const { start, end, name } of within)
        for (let page = start; page < end; page++) expectSame(pages[page], name);
    }),
  );
});

test('a copy goes its own way', () => {
  const ranges = new PageRanges<Named>([{ start: 0, end: 4, name: 1 }]);
  const copy = ranges.copy();
  ranges.cut(1, 2);
  expect([ranges.size, copy.size]).toEqual([2, 1]);
  copy.clear();
  expect(ranges.at(3)?.name).toBe(1);
});
