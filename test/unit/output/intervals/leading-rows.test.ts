import fc from 'fast-check';
import { leadingRows } from '../../../../src/output/intervals/leading-rows';
import { expectSame } from '../../../support/same';

test('the first are those that sorting all gives, and the others are the rest', () => {
  const rows = fc.array(fc.record({ key: fc.nat(9), id: fc.nat() }), { maxLength: 60 });
  fc.assert(
    fc.property(rows, fc.nat(12), (all, most) => {
      const order = (a: { key: number }, b: { key: number }): number => a.key - b.key;
      const { leading, rest } = leadingRows(all, most, order);
      const sorted = [...all].sort(order);
      expectSame(leading, sorted.slice(0, most));
      expectSame(new Set(rest), new Set(sorted.slice(most)));
      expectSame(rest.length, sorted.slice(most).length);
    }),
  );
});
